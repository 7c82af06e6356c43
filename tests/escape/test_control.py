"""Proof that the attacks are real: in a fence that is weak on purpose, they get through.

Harmless ones only, in a container without a network of the host's.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.engine import Engine
from tests.escape import verdicts
from tests.escape.conftest import WORKER_ID
from tests.escape.fence import judgements
from tests.escape.host_watch import MOUNT_MARK, HostWatch, veiled

pytestmark = pytest.mark.engine

WEAK = (
    "--network=none", "--cap-add=all", "--security-opt=seccomp=unconfined", "--user=0",
    "--security-opt=unmask=all", "--pids-limit=0", "--log-driver=none", "--rm",
    "--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096", "--entrypoint=/hostile",
    "--tmpfs=/tmp",
)  # fmt: skip

CONTROLS = [
    ("unshare",), ("clone",), ("mount",), ("keyrings",), ("bpf",),
    ("perf",), ("userfaultfd",), ("handles",), ("names",), ("personality",), ("filters",),
    ("ids",), ("capabilities",), ("ptrace",), ("memory-of-others",), ("priorities",),
    ("families",), ("no-new-privileges",), ("ldt",), ("user-maps",),
    ("read", "/proc/interrupts", "/proc/kallsyms", "/sys/kernel/notes"),
    ("list", "/sys/class", "/sys/devices/virtual"), ("terminals",), ("reserve",),
    ("inotify",), ("forks",), ("threads",), ("timers",), ("message-queues", "1"),
]  # fmt: skip


@pytest.fixture(scope="module")
def weak(engine: Engine, image_id: str, base: Path, host: HostWatch) -> dict[str, list[str]]:
    """Run every attack in one weak container, as the probes run in a strong one."""
    folder = base / "weak"
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    (folder / "in" / "data.txt").write_text("x")
    seek = ("seek", veiled("intr "), "/proc/stat")
    plan = ["\t".join(each) for each in [*CONTROLS, seek]]
    (folder / "in" / "plan.txt").write_text("\n".join(plan) + "\n")
    mounts = [f"--volume={folder / each}:/{each}" for each in ("in", "out")]
    name = f"{WORKER_ID}-weak"
    command = [*base_argv(engine), "run", "--name", name, *WEAK, *mounts, image_id, "batch"]
    try:
        subprocess.run(command, check=False, timeout=60, capture_output=True)
    except subprocess.TimeoutExpired:
        subprocess.run([*base_argv(engine), "rm", "--force", name], check=True, timeout=60)
    said = (folder / "out" / "verdicts.txt").read_text("utf-8", "replace")
    host.check(log="", out=folder / "out")
    found: dict[str, list[str]] = {}
    for part in said.split("ROW ")[1:]:
        row, _, rest = part.partition("\n")
        name = plan[int(row)].split("\t")[0]
        found[name] = [what for verdict, what, _ in judgements(rest) if verdict == "BREACH"]
    return found


@pytest.mark.parametrize("name", [*dict.fromkeys(each[0] for each in CONTROLS), "seek"])
def test_the_attack_gets_through_a_weak_fence(weak: dict[str, list[str]], name: str) -> None:
    assert weak[name], f"{name} proves nothing: it fails also where nothing holds it"
    verdicts.record(f"control: {name}", "weak", f"BREACH {', '.join(weak[name])}"[:80])


def test_a_weak_fence_still_mounts_nothing_on_the_host() -> None:
    assert MOUNT_MARK not in Path("/proc/self/mountinfo").read_text("utf-8", "replace")
