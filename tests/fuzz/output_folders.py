"""A task's output folder, made by a hostile task that may still play while it is collected."""

from __future__ import annotations

import hashlib

from gridle.market.protocol.archive import unpack
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.manifest import Resources
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.output import (
    OUTPUT_NAME,
    PackedOutput,
    collect_output,
    ended_at_limit,
    output_fault,
    wipe,
)
from tests.fuzz.bounds import assert_plain, bounded
from tests.fuzz.cage import Cage, cage
from tests.fuzz.choices import Choices
from tests.fuzz.hostile_folder import HostileTask

LIMITS = Resources(reference_s=1.0, output_max_bytes=10_000, output_max_files=4)
SEEDS = (
    bytes([0, 0, 0, 4, 7, 1, 0, 5, 9, 2]),
    bytes([3, 2, 0, 4, 5, 1, 0, 5, 4, 0]),
    bytes([2, 1, 2, 4, 0, 0, 4, 5, 1]),
    bytes([0, 3, 5, 4, 6, 5, 0, 8, 4, 4, 2]),
    bytes([5, 1, 11, 4, 1, 7, 5, 0, 11, 5, 0]),
    bytes([2, 1, 1, 4, 7, 1, 5, 6, 1, 4, 3]),
)
TOKENS = tuple(bytes([deed, name]) for deed in range(12) for name in (4, 5, 12))


def one_input(data: bytes) -> None:
    """An archive of plain files comes out, or a sentence; nothing else is read; all of it goes."""
    choices = Choices(data)
    with cage() as held:
        out = held.task / OUTPUT_NAME
        out.mkdir()
        task = HostileTask(out, held.secret)
        step = choices.number(8)
        for _ in range(choices.number(12)):
            task.act(choices)

        def meanwhile() -> None:
            for _ in range(3):
                task.act(choices)

        with bounded(data), held.watched(held.task, step=step, action=meanwhile):
            fault = output_fault(held.task, LIMITS)
            assert fault is None or isinstance(fault, Sentence)
            packed = _collected(held)
            ended_at_limit(held.task, LIMITS)
        if packed is not None:
            _check(packed)
        with bounded(data), held.watched(held.task):
            wipe(held.task)
        assert not held.task.exists()
        task.close()
        held.task.mkdir()


def _collected(held: Cage) -> PackedOutput | None:
    try:
        return collect_output(held.task, LIMITS)
    except InvalidInputError as error:
        assert_plain(str(error))
        return None


def _check(packed: PackedOutput) -> None:
    archive = packed.path.read_bytes()
    assert hashlib.sha256(archive).hexdigest() == packed.sha256
    files = unpack(archive, max_bytes=LIMITS.output_max_bytes, max_files=LIMITS.output_max_files)
    assert Cage.SECRET not in files.values()
