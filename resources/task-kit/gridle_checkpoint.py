# ruff: noqa: INP001 - a file that is put beside a task's script, not a package
"""Keep a task's work: save its state when Gridle asks, and go on from it. Three lines do it.

    import gridle_checkpoint as checkpoint

    state = checkpoint.load({"step": 0, "total": 0.0, "random": random.getstate()})
    while state["step"] < STEPS:
        checkpoint.save_if_asked(state)
        ...

`state` is made of None, booleans, numbers, texts, bytes, lists, tuples, and dictionaries with texts
for keys; all come back as they were, to the last bit. Whatever else is to be saved (arrays, models)
is turned into bytes by the task: see `load_bytes` and `save_bytes`.

A run that goes on must end with the same bytes as an undisturbed one, so everything that it depends
on belongs in the state: the position, the random generator's state, sums so far. Outside of Gridle
nothing is saved, and the script runs as ever.

Put this one file beside your script or into your image; it needs Python 3.8 or newer and nothing
else. It speaks version 1 of the protocol in Gridle's docs/checkpoints.md. Licence: Apache-2.0.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TypeVar, cast

FOLDER = Path("/checkpoint")
"""Where Gridle looks; another one to try things out."""
State = TypeVar("State")
_HEADER = b"gridle-checkpoint 1 "
_LOOK_S = 0.05
"""How often a request is looked for without a signal: in a process that is not the first one."""
_EXACT = (type(None), bool, int, float, str)


class _Requests:
    """Whether the worker has asked. A signal says that there may be a request: the file is it."""

    def __init__(self) -> None:
        self._heard = False
        self._next_look_s = 0.0
        self.saved_s = time.monotonic()

    def listen(self) -> None:
        with contextlib.suppress(AttributeError, ValueError):  # no such signal, or another thread
            if signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL:
                signal.signal(signal.SIGUSR1, self._hear)

    def take(self) -> bool:
        now_s = time.monotonic()
        if not self._heard and now_s < self._next_look_s:
            return False
        self._heard = False
        self._next_look_s = now_s + _LOOK_S
        try:
            (FOLDER / "save").unlink()
        except OSError:
            return False
        return True

    def _hear(self, number: int, frame: object) -> None:
        del number, frame
        self._heard = True


_requests = _Requests()


def load(default: State) -> State:
    """Return the state to go on from, or `default` at the beginning. Call it before all else."""
    body = _read(b"json\n")
    return default if body is None else cast("State", _unpacked(json.loads(body)))


def save_if_asked(state: object, every_s: float | None = None) -> bool:
    """Save `state` where the worker has asked for it; return whether it was saved.

    Cheap enough for every step of a loop (well below a microsecond). With `every_s`, it is saved
    that often unasked, too. A disk that is full is told of on standard error; the task runs on.
    """
    due = every_s is not None and time.monotonic() - _requests.saved_s >= every_s
    if not is_asked() and not due:
        return False
    try:
        return save(state)
    except OSError as error:
        sys.stderr.write(f"The state could not be saved: {error}\n")
        return False


def save(state: object) -> bool:
    """Save `state` now; return whether there is a place for it.

    Raises:
        TypeError: something in it would not come back as it was.
        OSError: it could not be written; an earlier state is as it was.
    """
    return _write(b"json\n", json.dumps(_packed(state)).encode("ascii"))


def is_asked() -> bool:
    """Tell whether the worker asks for the state, and take its request: save next."""
    return _requests.take()


def load_bytes() -> bytes | None:
    """Return the bytes to go on from, or None at the beginning. Call it before all else."""
    return _read(b"bytes\n")


def save_bytes(state: bytes) -> bool:
    """Save bytes of the task's own making, as `save` does; for use where `is_asked`."""
    return _write(b"bytes\n", state)


def _read(kind: bytes) -> bytes | None:
    _requests.listen()
    try:
        content = (FOLDER / "state").read_bytes()
    except FileNotFoundError:
        return None
    header = _HEADER + kind
    if not content.startswith(header):
        sys.stderr.write("The saved state is of another kind; beginning anew.\n")
        return None
    return content[len(header) :]


def _write(kind: bytes, body: bytes) -> bool:
    if not FOLDER.is_dir():
        return False
    draft = FOLDER / "state.new"
    with draft.open("wb") as file:
        file.write(_HEADER + kind + body)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(FOLDER / "state")  # whole, or not at all
    _requests.saved_s = time.monotonic()
    return True


def _packed(value: object) -> object:
    """Make JSON of a value without loss; what would come back as something else is refused."""
    if type(value) in _EXACT:
        return value
    if type(value) is list:
        return [_packed(each) for each in value]
    if type(value) is tuple:
        return {"(tuple)": [_packed(each) for each in value]}
    if type(value) is bytes:
        return {"(bytes)": base64.b64encode(value).decode("ascii")}
    if type(value) is dict and all(type(key) is str and key[:1] != "(" for key in value):
        return {key: _packed(each) for key, each in value.items()}
    raise TypeError(
        f"A {type(value).__name__} cannot be saved as it is; use numbers, texts, bytes, lists, "
        "tuples, and dictionaries with texts for keys."
    )


def _unpacked(value: object) -> object:
    if isinstance(value, list):
        return [_unpacked(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "(tuple)" in value:
        return tuple(_unpacked(each) for each in value["(tuple)"])
    if "(bytes)" in value:
        return base64.b64decode(value["(bytes)"])
    return {key: _unpacked(each) for key, each in value.items()}
