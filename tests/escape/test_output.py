"""Output that lies in wait: names, links, devices, races, and words for a terminal."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.sandbox.output import collect_output, wipe
from gridle.worker.sandbox.port import Ending, Outcome
from tests.escape import verdicts
from tests.escape.case import CONTAINERS, EVERYWHERE, GVISOR, RUNC, WASM, Case, stopped
from tests.escape.conftest import Attacker, in_fences, rows
from tests.escape.fence import SMALL, judgements

_FAILED = (Ending.FAILED,)
_BROKEN = (Ending.BROKEN,)
"""Podman cannot tell it from a kill by this machine; the task is tried again."""
_NOT_PLAIN = ("not a plain file with a plain name",)
_TOO_LARGE = ("bytes of output",)
_LIMIT = ("larger than any of its limits", *_TOO_LARGE)

_unmade = partial(Case, says=_NOT_PLAIN, unmade=True)
BAD_NAMES = [
    _unmade("a name with a new line", ("name-newline",), EVERYWHERE),
    _unmade("a name that reads backwards", ("name-bidi",), EVERYWHERE),
    _unmade("a name that steers a terminal", ("name-escape",), EVERYWHERE),
    Case("a name of a device of Windows", ("name-device",), EVERYWHERE, says=_NOT_PLAIN),
    _unmade("a name that hides", ("name-hidden",), EVERYWHERE),
    _unmade("a name that is an option", ("name-dash",), EVERYWHERE),
    _unmade("a name of 255 letters", ("name-long",), EVERYWHERE),
    Case("two names that are one elsewhere", ("name-twins",), EVERYWHERE, says=_NOT_PLAIN),
]

BAD_KINDS = [
    Case("a link to a file of the host", ("link", "@secret"), CONTAINERS, says=_NOT_PLAIN),
    _unmade("a link that climbs", ("link", "../../../secret.txt"), EVERYWHERE),
    Case("a link into the kernel", ("link", "/proc/self/environ"), CONTAINERS, says=_NOT_PLAIN),
    _unmade("a second name for a file", ("hard-link",), EVERYWHERE),
    _unmade("a folder", ("folder",), EVERYWHERE),
    Case("a pipe", ("fifo", "/out/pipe"), CONTAINERS, says=_NOT_PLAIN),
    Case("a socket", ("unix-socket", "/out/socket"), CONTAINERS, says=_NOT_PLAIN),
    Case("a folder that nobody may open", ("locked-folder",), CONTAINERS, says=_NOT_PLAIN),
    _unmade("folders without end", ("deep",), EVERYWHERE),
]  # fmt: skip

TOO_MUCH = [
    Case("very many files", ("many",), EVERYWHERE, endings=_FAILED, says=("8 output files",)),
    Case("a sparse file", ("sparse",), EVERYWHERE, endings=_FAILED, says=_LIMIT),
    Case("a huge file", ("huge",), EVERYWHERE, endings=_FAILED, says=_LIMIT),
    Case("a flood of errors", ("flood", "2"), EVERYWHERE, endings=_FAILED, says=("printed",)),
    Case("a flood of words", ("flood", "1"), EVERYWHERE, endings=_FAILED, says=("printed",)),
    Case("a lie of 125", ("leave", "125"), CONTAINERS, endings=_FAILED, says=("status 125",)),
    Case("a lie of 137", ("leave", "137"), CONTAINERS, endings=_BROKEN, says=("ended the task",)),
    Case("a lie of 127", ("leave", "127"), CONTAINERS, endings=_FAILED, says=("status 127",)),
    Case("a lie of 159", ("leave", "159"), CONTAINERS, endings=_FAILED, says=("system call",)),
]  # fmt: skip


def _was_refused(outcome: Outcome, folder: Path) -> bool:
    """Whether the kernel did not even let it happen: it says so, and nothing of it is there."""
    sizes = [path.lstat().st_size for path in (folder / "out").iterdir()]
    held = any(verdict == "HELD" for verdict, _, _ in judgements(outcome.log_tail))
    return held and max(sizes, default=0) <= SMALL.output_max_bytes


def _stayed_inside(attacker: Attacker, folder: Path) -> bool:
    """Whether it is gVisor's own invention: nothing came to be on this machine."""
    return attacker.fence.name == GVISOR and not any((folder / "out").iterdir())


def _run(attacker: Attacker, case: Case) -> tuple[Outcome, Path]:
    words = {"@secret": str(attacker.host.secret_file)}
    arguments = tuple(words.get(each, each) for each in case.arguments)
    fence = attacker.fence.name
    loose = (Ending.FINISHED, Ending.FAILED, *case.endings)
    endings = _FAILED if case.is_unmade_in(fence) else loose
    changed = Case(case.name, arguments, case.fences, endings=endings,
                   says=case.sentences(fence), tells=False)  # fmt: skip
    started = attacker.fence.start(*arguments, resources=case.resources)
    outcome = stopped(changed, started)
    attacker.host.check(log=outcome.log_tail, out=started.out)
    assert attacker.neighbour.goes_on(), "the task beside it was harmed"
    return outcome, started.folder


@rows([*BAD_NAMES, *BAD_KINDS])
def test_only_plain_files_with_plain_names_are_collected(attacker: Attacker, case: Case) -> None:
    outcome, folder = _run(attacker, case)
    if case.is_unmade_in(attacker.fence.name):
        collect_output(folder, case.resources)  # what is there is plain
        verdicts.note(case.name, attacker.fence.name, outcome)
        return
    if _was_refused(outcome, folder) or _stayed_inside(attacker, folder):
        verdicts.note(case.name, attacker.fence.name, outcome)
        return
    with pytest.raises(InvalidInputError) as refusal:
        collect_output(folder, case.resources)
    sentence = refusal.value.sentence
    assert any(words in sentence.en for words in case.says), sentence
    assert sentence.en.isprintable()
    verdicts.record(case.name, attacker.fence.name, f"{outcome.ending}; {sentence.en}"[:70])
    wipe(folder)
    assert not folder.exists()


@rows(TOO_MUCH)
def test_too_much_is_ended(attacker: Attacker, case: Case) -> None:
    outcome, folder = _run(attacker, case)
    ended = (
        outcome.ending in (Ending.FAILED, *case.endings) and outcome.ending is not Ending.FINISHED
    )
    assert ended or _was_refused(outcome, folder), outcome
    verdicts.note(case.name, attacker.fence.name, outcome)
    wipe(folder)
    assert not folder.exists()


@in_fences(*EVERYWHERE)
@pytest.mark.parametrize("what", ["speak", "long-line"])
def test_words_cannot_steer_a_terminal(attacker: Attacker, what: str) -> None:
    started = attacker.fence.start(what)
    outcome = started.outcome()
    assert outcome.ending is Ending.FAILED
    said = outcome.log_tail
    assert "end" in said
    assert len(said) <= 8 * 1024
    assert all(char.isprintable() or char in "\n\t" for char in said), ascii(said)
    verdicts.record(f"words that steer a terminal: {what}", attacker.fence.name, ascii(said[-40:]))


@in_fences(*CONTAINERS)
@pytest.mark.parametrize("what", ["race", "race-hard"])
def test_a_race_with_the_collection_wins_nothing(attacker: Attacker, what: str) -> None:
    """A look may miss what is there for an instant only; then the task's own limit ends it."""
    resources = msgspec.structs.replace(SMALL, wall_limit_s=5.0)
    secret_path = str(attacker.host.secret_file)
    started = attacker.fence.start(what, secret_path, resources=resources)
    tries = 0
    while started.outcomes.empty():
        tries += 1
        try:
            packed = collect_output(started.folder, SMALL)
        except (InvalidInputError, FileNotFoundError):
            continue
        assert attacker.host.secret.encode() not in packed.path.read_bytes()
    outcome = started.outcome()
    assert outcome.ending is Ending.FAILED
    assert outcome.explanation is not None
    assert re.search("plain file|longer than its limit", outcome.explanation.en)
    attacker.host.check(log=outcome.log_tail, out=started.out)
    verdicts.record(f"a race: {what}", attacker.fence.name, f"{tries} looks, nothing told")


@in_fences(*CONTAINERS)
def test_setuid_output_is_collected_as_plain_bytes(attacker: Attacker) -> None:
    started = attacker.fence.start("setuid-file")
    assert started.outcome().ending is Ending.FINISHED
    packed = collect_output(started.folder, SMALL)
    assert packed.path.stat().st_mode & 0o7111 == 0
    verdicts.record("a setuid file", attacker.fence.name, "collected as bytes; the mode is lost")


@in_fences(RUNC, WASM)
def test_room_is_not_reserved_at_once(attacker: Attacker) -> None:
    errors = frozenset({"Not supported", "Operation not supported", "Invalid argument"})
    attacker.attack(Case("reserve the disk", ("reserve",), errors=errors))


@in_fences(*EVERYWHERE)
def test_files_without_a_name_count(attacker: Attacker) -> None:
    """What has no name is not seen in out/, but fills the disk all the same."""
    started = attacker.fence.start("nameless", "64")
    outcome = started.outcome()
    assert outcome.ending is Ending.FAILED, outcome
    assert outcome.explanation is not None
    assert "bytes of output" in outcome.explanation.en
    verdicts.note("files without a name", attacker.fence.name, outcome)
