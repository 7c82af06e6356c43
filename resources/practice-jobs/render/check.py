"""Check one tile of the picture: a whole PNG of the right size, with the sky where the sky is.

Usage: python -I check.py RESULT_FOLDER ARGUMENTS...   (exit 0: accepted; 1: one sentence says why)

Rendering again would cost as much as the task. Instead the tile has to be an intact PNG, not blank,
and wherever the camera looks above the horizon and past the balls, the colour is the sky's, which
is computed here from the scene's own camera and gradient. Each tile looks into another direction,
so a tile of another place or round fails wherever sky or its reflection is in it.
"""

from __future__ import annotations

import math
import struct
import sys
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

COLUMNS, ROWS, WIDTH, HEIGHT = 4, 3, 240, 200
BYTES_PER_PIXEL = 3
MAX_BYTES = 2**20
STRIDE = WIDTH * BYTES_PER_PIXEL
RAW_BYTES = HEIGHT * (STRIDE + 1)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
LEAST_COLOURS = 150

# The same as in scene.pov.
EYE_DISTANCE, EYE_HEIGHT, AIM_HEIGHT, FRAME_WIDTH = 17.5, 6.3, 1.9, 1.06
SKY = (
    (0.00, (0.98, 0.50, 0.22)),
    (0.06, (0.93, 0.42, 0.30)),
    (0.18, (0.48, 0.26, 0.42)),
    (0.45, (0.10, 0.12, 0.30)),
    (1.00, (0.02, 0.03, 0.11)),
)
SKY_TOLERANCE = 12  # of 255: rounding, and edges that anti-aliasing softens
CLEAR_OF_HORIZON = 0.02
BALLS_REACH = 0.22  # no ball is higher on the frame than this, in frame heights from its top


class WrongResultError(Exception):
    """The result is not this tile."""


def chunks(untrusted: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and content of each chunk, its checksum proved.

    Raises:
        WrongResultError: it is not an intact PNG.
    """
    if not untrusted.startswith(SIGNATURE):
        raise WrongResultError("The tile is not a PNG.")
    place = len(SIGNATURE)
    while place < len(untrusted):
        (length,) = struct.unpack_from(">I", untrusted, place)
        body = untrusted[place + 4 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", untrusted, place + 8 + length)
        if zlib.crc32(body) != checksum:
            raise WrongResultError("The tile's PNG is damaged.")
        yield body[:4], body[4:]
        place += length + 12


def read_pixels(untrusted: bytes) -> list[bytes]:
    """Return the rows of RGB pixels.

    Raises:
        WrongResultError: it is not an intact PNG of a tile's size.
        struct.error, zlib.error: it is cut short.
    """
    found = list(chunks(untrusted))
    if found[0] != (b"IHDR", HEADER) or found[-1] != (b"IEND", b""):
        raise WrongResultError(f"The tile is not {WIDTH} × {HEIGHT} pixels of 8-bit RGB.")
    packed = b"".join(content for kind, content in found if kind == b"IDAT")
    raw = zlib.decompressobj().decompress(packed, RAW_BYTES + 1)
    if len(raw) != RAW_BYTES:
        raise WrongResultError("The tile holds too few or too many pixels.")
    rows, above = [], bytes(STRIDE)
    for start in range(0, RAW_BYTES, STRIDE + 1):
        above = unfilter(raw[start], raw[start + 1 : start + 1 + STRIDE], above)
        rows.append(above)
    return rows


def unfilter(kind: int, filtered: bytes, above: bytes) -> bytes:
    """Undo one row's PNG filter (PNG specification, section 9)."""
    if kind > 4:  # noqa: PLR2004 # the specification has five filters
        raise WrongResultError("The tile's PNG has an unknown filter.")
    row = bytearray(filtered)
    for i in range(STRIDE):
        left = row[i - BYTES_PER_PIXEL] if i >= BYTES_PER_PIXEL else 0
        corner = above[i - BYTES_PER_PIXEL] if i >= BYTES_PER_PIXEL else 0
        up = above[i]
        guess = (0, left, up, (left + up) // 2, paeth(left, up, corner))[kind]
        row[i] = (row[i] + guess) & 0xFF
    return bytes(row)


def paeth(left: int, up: int, corner: int) -> int:
    """Return the neighbour that is nearest to left + up - corner."""
    by_left, by_up = abs(up - corner), abs(left - corner)
    by_corner = abs(left + up - 2 * corner)
    if by_left <= by_up and by_left <= by_corner:
        return left
    return up if by_up <= by_corner else corner


def rise(column: int, row: int, x: float, y: float) -> float:
    """Return the height (sine of elevation) of the view through a tile's pixel.

    The camera turns about the vertical axis, so elevation does not depend on the round.
    """
    across = ((column + x / WIDTH) / COLUMNS - 0.5) * FRAME_WIDTH
    frame_height = FRAME_WIDTH * (ROWS * HEIGHT) / (COLUMNS * WIDTH)
    upwards = (0.5 - (row + y / HEIGHT) / ROWS) * frame_height
    pitch = math.atan2(AIM_HEIGHT - EYE_HEIGHT, EYE_DISTANCE)
    height = math.sin(pitch) + upwards * math.cos(pitch)
    return height / math.sqrt(1.0 + across * across + upwards * upwards)


def sky(height: float) -> tuple[float, float, float]:
    """Return the sky's colour (linear light) at a height."""
    for (low, dark), (high, light) in pairwise(SKY):
        if height <= high:
            part = (height - low) / (high - low)
            red, green, blue = (d + (b - d) * part for d, b in zip(dark, light, strict=True))
            return red, green, blue
    return SKY[-1][1]


def srgb(linear: float) -> int:
    """Return the 8-bit sRGB value of linear light (IEC 61966-2-1)."""
    dim = linear <= 0.0031308  # noqa: PLR2004 # the standard's own figure
    bent = linear * 12.92 if dim else 1.055 * linear ** (1 / 2.4) - 0.055
    return round(255 * min(max(bent, 0.0), 1.0))


def check_sky(rows: list[bytes], column: int, row: int) -> None:
    """Compare every tenth pixel that shows bare sky.

    Raises:
        WrongResultError: the sky has another colour.
    """
    for y in range(2, HEIGHT, 10):
        if (row + y / HEIGHT) / ROWS > BALLS_REACH:
            return
        for x in range(2, WIDTH, 10):
            height = rise(column, row, x + 0.5, y + 0.5)
            if height < CLEAR_OF_HORIZON:
                continue
            wanted = [srgb(part) for part in sky(height)]
            found = rows[y][x * BYTES_PER_PIXEL : (x + 1) * BYTES_PER_PIXEL]
            if max(abs(a - b) for a, b in zip(wanted, found, strict=True)) > SKY_TOLERANCE:
                raise WrongResultError(f"The sky at pixel {x}, {y} has a wrong colour.")


def check(untrusted_file: Path, arguments: list[str]) -> None:
    """Check one tile against the task's arguments.

    Raises:
        WrongResultError: the result is not this tile.
        OSError, ValueError, KeyError, IndexError, struct.error, zlib.error: it is malformed.
    """
    place = dict(item.removeprefix("Declare=").split("=", 1) for item in arguments)
    if untrusted_file.stat().st_size > MAX_BYTES:
        raise WrongResultError("The tile is larger than a tile can be.")
    rows = read_pixels(untrusted_file.read_bytes())
    colours = {row[i : i + 3] for row in rows for i in range(0, STRIDE, 3)}
    if len(colours) < LEAST_COLOURS:
        raise WrongResultError("The tile is blank.")
    check_sky(rows, int(place["Column"]), int(place["Row"]))


def main() -> int:
    """Check what the command line names."""
    try:
        check(Path(sys.argv[1]) / "tile.png", sys.argv[2:])
    except WrongResultError as error:
        print(error)
        return 1
    except (OSError, ValueError, LookupError, struct.error, zlib.error) as error:
        print(f"The tile cannot be read ({type(error).__name__}).")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
