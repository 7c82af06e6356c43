"""Changes good inputs into bad ones. Pure; hypothesis and the coverage-guided runs share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

MAX_INPUT_BYTES = 2**16
_FIGURES = (
    *(b"%d" % each for each in (-1, 0, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64, 10**400)),
    b"7" * 11,
    b"-0000000001",
    b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7,
    b"\xff" * 12,
    b"1e999",
    b"NaN",
)


@dataclass(frozen=True)
class Change:
    """One change: which (`kind`), where in the input (`at`, in 1/65536), and two free figures."""

    kind: int
    at: int
    size: int
    choice: int


def _replace(data: bytes, at: int, old_bytes: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + old_bytes :]


def _flip(data: bytes, at: int, change: Change, _tokens: Sequence[bytes]) -> bytes:
    return _replace(
        data, at, 1, bytes([(data[at] if at < len(data) else 0) ^ 1 << change.choice % 8])
    )


def _overwrite(data: bytes, at: int, change: Change, _tokens: Sequence[bytes]) -> bytes:
    return _replace(data, at, 1, bytes([change.choice % 256]))


def _cut(data: bytes, at: int, _change: Change, _tokens: Sequence[bytes]) -> bytes:
    return data[:at]


def _leave_out(data: bytes, at: int, change: Change, _tokens: Sequence[bytes]) -> bytes:
    return _replace(data, at, 1 + change.size % 600, b"")


def _twice(data: bytes, at: int, change: Change, _tokens: Sequence[bytes]) -> bytes:
    piece = data[at : at + 1 + change.size % 600]
    return _replace(data, at, 0, piece)


def _often(data: bytes, at: int, change: Change, _tokens: Sequence[bytes]) -> bytes:
    piece = data[at : at + 1 + change.choice % 3]
    return _replace(data, at, 0, piece * (change.size % 3000))


def _token(data: bytes, at: int, change: Change, tokens: Sequence[bytes]) -> bytes:
    token = tokens[change.choice % len(tokens)]
    return _replace(data, at, len(token) if change.size % 2 else 0, token)


def _token_often(data: bytes, at: int, change: Change, tokens: Sequence[bytes]) -> bytes:
    token = tokens[change.choice % len(tokens)]
    return _replace(data, at, 0, token * (change.size % 1500))


def _figure(data: bytes, at: int, change: Change, _tokens: Sequence[bytes]) -> bytes:
    """Put a figure in the place of the next digits."""
    start = next((i for i in range(at, len(data)) if data[i : i + 1].isdigit()), at)
    end = start
    while data[end : end + 1].isdigit():
        end += 1
    figure = _FIGURES[change.choice % len(_FIGURES)]
    return _replace(data, start, end - start if change.size % 2 else len(figure), figure)


def _swap(data: bytes, at: int, change: Change, _tokens: Sequence[bytes]) -> bytes:
    size = 1 + change.size % 600
    return (
        data[:at] + data[at + size : at + 2 * size] + data[at : at + size] + data[at + 2 * size :]
    )


_KINDS: tuple[Callable[[bytes, int, Change, Sequence[bytes]], bytes], ...] = (
    _flip, _overwrite, _cut, _leave_out, _twice, _often, _token, _token_often, _figure, _swap,
)  # fmt: skip
KINDS = len(_KINDS)
ALL_KINDS = KINDS + 3
"""With those that only some targets know, see `Target.changed`."""


def changed(data: bytes, changes: Sequence[Change], tokens: Sequence[bytes]) -> bytes:
    """Apply one change after the other."""
    for change in changes:
        at = change.at * len(data) >> 16
        data = _KINDS[change.kind % KINDS](data, at, change, tokens)[:MAX_INPUT_BYTES]
    return data


def spliced(first: bytes, second: bytes, at: int) -> bytes:
    """Begin with one input and go on with another; `at` is in 1/65536."""
    return (first[: at * len(first) >> 16] + second[at * len(second) >> 16 :])[:MAX_INPUT_BYTES]
