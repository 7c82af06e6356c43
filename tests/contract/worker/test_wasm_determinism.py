"""A WebAssembly task sees the same on every machine: whatever it looks at, byte by byte."""

from __future__ import annotations

import hashlib
import os
import queue
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.protocol.manifest import CheckpointRule, MiB, Resources, WasmRuntime
from gridle.worker.sandbox.checkpoint import CHECKPOINT_NAME, REQUEST_NAME, STATE_NAME
from gridle.worker.sandbox.port import Ending, Outcome, Share, TaskSpec
from gridle.worker.sandbox.wasm import WasmSandbox
from tests.rigs import sandbox_program

pytestmark = pytest.mark.timeout(300)  # the first run on a machine builds a C library

OBSERVER = Path(sandbox_program.__file__).with_name("wasm_observer.c")
END_TIMEOUT_S = 90.0
RESOURCES = Resources(reference_s=1.0, memory_bytes=32 * MiB)


@pytest.fixture
def observer(module_cache: Path) -> Iterator[tuple[WasmSandbox, WasmRuntime]]:
    module = sandbox_program.build(sandbox_program.WASM_TARGET, OBSERVER)
    runtime = WasmRuntime(hashlib.sha256(module.read_bytes()).hexdigest())
    sandbox = WasmSandbox(module_cache, f"test-{secrets.token_hex(4)}")
    sandbox.prepare(runtime, lambda _: module)
    yield sandbox, runtime
    sandbox.close()


def begin(
    observer: tuple[WasmSandbox, WasmRuntime],
    folder: Path,
    names: tuple[str, ...],
    *arguments: str,
) -> queue.Queue[Outcome]:
    sandbox, runtime = observer
    for name in ("in", "out", CHECKPOINT_NAME):
        (folder / name).mkdir(parents=True)
    for name in names:
        (folder / "in" / name).write_text(name)
    rule = CheckpointRule(format_version=1)
    spec = TaskSpec(folder.name, runtime, arguments, RESOURCES, folder, checkpoint=rule)
    outcomes: queue.Queue[Outcome] = queue.Queue()
    sandbox.start(spec, Share(100.0), outcomes.put)
    return outcomes


def seen(outcomes: queue.Queue[Outcome], folder: Path) -> str:
    outcome = outcomes.get(timeout=END_TIMEOUT_S)
    assert outcome.ending is Ending.FINISHED, outcome
    return (folder / "out" / "seen.txt").read_text()


def test_two_machines_see_the_same(
    observer: tuple[WasmSandbox, WasmRuntime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("one.txt", "two.txt", "three.txt", "four.txt")
    first = seen(begin(observer, tmp_path / "a1", names, "x"), tmp_path / "a1")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    before = os.umask(0o077)
    try:
        other = tmp_path / "a longer name" / "b2"
        outcomes = begin(observer, other, tuple(reversed(names)), "x")
    finally:
        os.umask(before)
    os.utime(other / "in" / "one.txt", (1, 1))
    assert seen(outcomes, other) == first
    assert "realtime 946684800." in first
    assert "date Sat Jan  1 00:00:00 2000" in first
    assert "environment" not in first
    listed = [line.split()[1] for line in first.splitlines() if line.startswith("/in: ")][1:]
    assert listed == [".", "..", "four.txt", "one.txt", "three.txt", "two.txt"]
    nans = {line for line in first.splitlines() if line.startswith("nan ")}
    assert nans <= {"nan 7ff8000000000000", "nan fff8000000000000"}


def test_what_it_sees_is_what_is_there(
    observer: tuple[WasmSandbox, WasmRuntime], tmp_path: Path
) -> None:
    text = seen(begin(observer, tmp_path / "t", ("one.txt",)), tmp_path / "t")
    assert "own 3456 at 7\n" in text
    assert "/out/own.txt: dev 0" in text
    assert "size 13 " in text
    assert "truncate 0\nrename 0\n" in text
    assert "pread 3 pwrite 2\nremove 0\n" in text
    assert "open files 4" in text
    assert "write in -1" in text
    assert "make in -1" in text
    assert "unlink in -1" in text
    assert "/etc/passwd: errno" in text
    assert "/in/./one.txt: dev 0" in text


def test_randomness_is_each_tasks_own(
    observer: tuple[WasmSandbox, WasmRuntime], tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("u1", "u2")]
    texts = [
        seen(begin(observer, folder, ("one.txt",), folder.name), folder).splitlines()
        for folder in folders
    ]
    random = [next(line for line in text if len(line) == 80) for text in texts]
    assert random[0] != random[1]


def test_a_request_to_save_can_be_seen(
    observer: tuple[WasmSandbox, WasmRuntime], tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    outcomes = begin(observer, folder, (), "save")
    deadline_s = time.monotonic() + END_TIMEOUT_S
    while not (folder / "out" / "waiting.txt").exists():  # it has looked once, in vain
        assert outcomes.empty(), outcomes.get()
        assert time.monotonic() < deadline_s
        time.sleep(0.005)
    (folder / CHECKPOINT_NAME / REQUEST_NAME).touch()
    assert outcomes.get(timeout=END_TIMEOUT_S).ending is Ending.FINISHED
    assert (folder / CHECKPOINT_NAME / STATE_NAME).read_text() == "the state"
