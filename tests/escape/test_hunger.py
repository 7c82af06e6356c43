"""Taking more than one's share: memory, processes, files, the kernel's own memory, the disk."""

from __future__ import annotations

import msgspec

from gridle.worker.sandbox.port import Ending
from tests.escape.case import CONTAINERS, EVERYWHERE, REFUSED, RUNC, WASM, Case
from tests.escape.conftest import Attacker, rows
from tests.escape.fence import SMALL

_USED_UP = REFUSED | {
    "Resource temporarily unavailable",
    "Out of memory",
    "No space left on device",
    "No file descriptors available",
    "File too large",
    "Disk quota exceeded",
    "I/O error",  # WASI's word for too many open files
}
_TOO_MUCH_MEMORY = ("more memory than its manifest",)
_ENDED = ("larger than any of its limits", "more memory than its manifest")
_EITHER = (Ending.FINISHED, Ending.FAILED)
_SHARED, _SCRATCH = "/dev/shm", "/tmp"  # noqa: S108 - the task's own
_BRIEF = msgspec.structs.replace(SMALL, wall_limit_s=0.5)

CASES = [
    Case("use all memory", ("memory", "256"), fences=CONTAINERS, endings=(Ending.FAILED,),
         says=_TOO_MUCH_MEMORY, tells=False),
    Case("use all memory of a module", ("memory", "256"), fences=(WASM,), errors=_USED_UP),
    Case("lock all memory", ("locked",), errors=_USED_UP, endings=_EITHER, says=_ENDED),
    Case("fill /dev/shm", ("fill", _SHARED, "128"), errors=_USED_UP, endings=_EITHER,
         says=_ENDED, tells=False),
    Case("fill /tmp", ("fill", _SCRATCH, "16"), errors=_USED_UP),
    Case("fill memory files", ("memfd",), endings=_EITHER, errors=_USED_UP, says=_ENDED,
         tells=False),
    Case("fill shared memory", ("shared-memory",), endings=_EITHER, errors=_USED_UP, says=_ENDED,
         tells=False),
    Case("fill message queues", ("messages",), endings=_EITHER, errors=_USED_UP, says=_ENDED,
         tells=False),
    Case("open message queues", ("message-queues", "1"), errors=_USED_UP, fences=(RUNC,)),
    Case("fill pipes", ("pipes",), fences=(RUNC,), endings=(Ending.FAILED,), errors=_USED_UP,
         says=(*_ENDED, "ran longer"), tells=False, resources=_BRIEF),
    Case("fill sockets", ("sockets",), endings=_EITHER, errors=_USED_UP, says=_ENDED,
         tells=False),
    Case("many processes", ("forks",), errors=_USED_UP, fences=(RUNC,)),
    Case("fork bomb", ("fork-bomb",), endings=(Ending.FAILED,),
         says=(*_ENDED, "ran longer"), tells=False, resources=_BRIEF),
    Case("many threads", ("threads",), errors=_USED_UP, fences=(RUNC,)),
    Case("many timers", ("timers",), errors=_USED_UP, fences=(RUNC,)),
    Case("many pending signals", ("pending-signals",), errors=_USED_UP, fences=(RUNC,)),
    Case("watch files", ("inotify",), errors=_USED_UP),
    Case("open many files", ("open-files",), fences=EVERYWHERE, errors=_USED_UP),
    Case("make inodes in /tmp", ("inodes", _SCRATCH), endings=_EITHER, errors=_USED_UP,
         says=_ENDED, tells=False),
    Case("make inodes in /dev/shm", ("inodes", _SHARED), fences=(RUNC,), endings=_EITHER,
         errors=_USED_UP, says=_ENDED, tells=False),
    Case("recurse without end", ("stack",), fences=EVERYWHERE, endings=(Ending.FAILED,),
         says=("exit status 139", "broke off"), tells=False),
    Case("compute without end", ("spin",), fences=EVERYWHERE, endings=(Ending.FAILED,),
         says=("ran longer than its limit of 0.5 seconds",), tells=False, resources=_BRIEF),
]  # fmt: skip


@rows(CASES)
def test_hunger_is_held(attacker: Attacker, case: Case) -> None:
    attacker.attack(case)
