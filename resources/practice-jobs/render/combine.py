"""Put the tiles together into one picture; tiles that are not there yet stay dark.

Usage: python -I combine.py RESULTS_FOLDER OUT_FOLDER   (works with the results there are so far)
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path

COLUMNS, ROWS = 4, 3
TILE_WIDTH, TILE_HEIGHT = 240, 200
BYTES_PER_PIXEL = 3
EMPTY = bytes((24, 26, 34)) * TILE_WIDTH
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def read_rows(png: bytes) -> list[bytes]:
    """Return the RGB rows of a tile (8 bits a channel, not interlaced), which check.py accepted.

    Raises:
        ValueError: it is not such a PNG.
    """
    data, place = b"", len(SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += length + 12
    stride = TILE_WIDTH * BYTES_PER_PIXEL
    raw = zlib.decompress(data)
    if len(raw) != TILE_HEIGHT * (stride + 1):
        raise ValueError("not a tile of the right size")
    rows, above = [], bytes(stride)
    for start in range(0, len(raw), stride + 1):
        above = unfilter(raw[start], raw[start + 1 : start + 1 + stride], above)
        rows.append(above)
    return rows


def unfilter(kind: int, filtered: bytes, above: bytes) -> bytes:
    """Undo one row's PNG filter (PNG specification, section 9)."""
    row = bytearray(filtered)
    for i in range(len(row)):
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


def write_png(rows: list[bytes]) -> bytes:
    """Return a PNG of RGB rows."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    width = len(rows[0]) // BYTES_PER_PIXEL
    return (
        SIGNATURE
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 6))
        + chunk(b"IEND", b"")
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never half."""
    draft = path.with_name(path.name + ".draft")
    draft.write_bytes(content)
    draft.replace(path)


def main() -> int:
    """Combine what is there."""
    results, out = Path(sys.argv[1]), Path(sys.argv[2])
    tiles = {
        index: read_rows(file.read_bytes())
        for index in range(COLUMNS * ROWS)
        if (file := results / str(index) / "tile.png").is_file()
    }
    if not tiles:
        print("There is no result yet.")
        return 1
    empty = [EMPTY] * TILE_HEIGHT
    picture = [
        b"".join(tiles.get(row * COLUMNS + column, empty)[y] for column in range(COLUMNS))
        for row in range(ROWS)
        for y in range(TILE_HEIGHT)
    ]
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "picture.png", write_png(picture))
    total = COLUMNS * ROWS
    summary = {
        "title": "A sunflower of glass and pearl",
        "headline": "The picture is complete."
        if len(tiles) == total
        else f"{len(tiles)} of {total} tiles of the picture are rendered.",
        "image": "picture.png",
        "table": [
            ["Picture", "So far"],
            ["Tiles", f"{len(tiles)} of {total}"],
            ["Size", f"{COLUMNS * TILE_WIDTH} × {ROWS * TILE_HEIGHT} pixels"],
            ["Rendered by", "POV-Ray"],
        ],
        "tasks_done": len(tiles),
        "tasks_total": total,
        "updated_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    text = json.dumps(summary, indent=1, ensure_ascii=False) + "\n"
    write_whole(out / "summary.json", text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
