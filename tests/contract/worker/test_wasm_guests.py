"""Hostile modules, written by hand: what they may not have, and calls no compiler makes."""

from __future__ import annotations

import hashlib
import queue
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.manifest import MiB, Resources, WasmRuntime
from gridle.worker.sandbox.port import Ending, Outcome, Share, TaskSpec
from gridle.worker.sandbox.wasm import WasmSandbox

pytestmark = pytest.mark.timeout(120)

END_TIMEOUT_S = 60.0
RESOURCES = Resources(reference_s=1.0, memory_bytes=16 * MiB)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[WasmSandbox]:
    made = WasmSandbox(tmp_path / "modules", f"test-{secrets.token_hex(4)}", use_cgroup=False)
    yield made
    made.close()


def prepare(sandbox: WasmSandbox, folder: Path, text: str) -> WasmRuntime:
    module = folder / "module.wasm"
    module.write_bytes(wat2wasm(text))
    runtime = WasmRuntime(hashlib.sha256(module.read_bytes()).hexdigest())
    sandbox.prepare(runtime, lambda _: module)
    return runtime


def run(sandbox: WasmSandbox, folder: Path, text: str) -> Outcome:
    runtime = prepare(sandbox, folder, text)
    for name in ("in", "out"):
        (folder / name).mkdir()
    outcomes: queue.Queue[Outcome] = queue.Queue()
    spec = TaskSpec("guest", runtime, (), RESOURCES, folder)
    sandbox.start(spec, Share(100.0), outcomes.put)
    return outcomes.get(timeout=END_TIMEOUT_S)


def said(outcome: Outcome) -> str:
    assert outcome.ending is Ending.FAILED
    assert outcome.explanation is not None
    return outcome.explanation.en


@pytest.mark.parametrize(
    "body",
    [
        '(func (export "_start")) (memory (export "memory") 1 2 shared)',
        '(func (export "_start")) (memory (export "memory") i64 1)',
        '(func (export "_start")) (memory (export "memory") 1) (memory 1)',
        (
            '(memory (export "memory") 1) (func (export "_start") '
            "(drop (i32x4.relaxed_trunc_f32x4_s (v128.const i32x4 0 0 0 0))))"
        ),
        (
            '(memory (export "memory") 1) (type $t (struct (field i32))) '
            '(func (export "_start") (drop (struct.new $t (i32.const 1))))'
        ),
        '(memory (export "memory") 1)',
        '(func (export "_start"))',
    ],
    ids=["threads", "memory64", "two memories", "relaxed SIMD", "GC", "no start", "no memory"],
)
def test_what_differs_between_machines_is_refused(
    sandbox: WasmSandbox, tmp_path: Path, body: str
) -> None:
    with pytest.raises(InvalidInputError):
        prepare(sandbox, tmp_path, f"(module {body})")


CALL = """
(module
  (import "wasi_snapshot_preview1" "{name}" (func $call (param {types}) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "../../etc/passwd")
  (data (i32.const 48) "/etc/passwd")
  (data (i32.const 64) "\\ff\\fe")
  (data (i32.const 80) "a\\00b")
  (data (i32.const 96) "\\00\\00\\00\\00\\ff\\ff\\ff\\ff")
  (func (export "_start") (call $exit (call $call {values}))))
"""
FAULT, BADF, NOTCAPABLE, ILSEQ, NOENT, INVAL = 21, 8, 76, 25, 44, 28
OPEN = "i32 i32 i32 i32 i32 i64 i64 i32 i32"


@pytest.mark.parametrize(
    ("name", "types", "values", "status"),
    [
        ("random_get", "i32 i32", "-16 64", FAULT),
        ("random_get", "i32 i32", "65530 64", FAULT),
        ("random_get", "i32 i32", "0 -1", FAULT),
        ("clock_time_get", "i32 i64 i32", "0 0 65533", FAULT),
        ("clock_time_get", "i32 i64 i32", "9 0 0", INVAL),
        ("fd_write", "i32 i32 i32 i32", "1 96 1 0", FAULT),
        ("fd_read", "i32 i32 i32 i32", "0 96 -1 0", FAULT),
        ("fd_write", "i32 i32 i32 i32", "77 0 0 0", BADF),
        ("fd_close", "i32", "-1", BADF),
        ("fd_prestat_dir_name", "i32 i32 i32", "3 65535 9", FAULT),
        ("fd_readdir", "i32 i32 i32 i64 i32", "3 65500 4096 0 0", FAULT),
        ("fd_seek", "i32 i64 i32 i32", "3 0 0 0", 31),
        ("path_open", OPEN, "3 0 16 16 0 2 0 0 0", NOTCAPABLE),
        ("path_open", OPEN, "4 0 16 16 1 64 0 0 0", NOTCAPABLE),
        ("path_open", OPEN, "3 0 48 11 0 2 0 0 0", NOTCAPABLE),
        ("path_open", OPEN, "3 0 64 2 0 2 0 0 0", ILSEQ),
        ("path_open", OPEN, "3 0 80 3 0 2 0 0 0", NOENT),
        ("path_open", OPEN, "4 0 81 -1 9 64 0 0 0", FAULT),
        ("path_unlink_file", "i32 i32 i32", "4 16 16", NOTCAPABLE),
        ("poll_oneoff", "i32 i32 i32 i32", "0 0 0 0", INVAL),
        ("poll_oneoff", "i32 i32 i32 i32", "0 0 -1 0", FAULT),
        ("sock_accept", "i32 i32 i32", "3 0 0", 57),
        ("environ_get", "i32 i32", "-1 -1", 0),
    ],
)
def test_hostile_words_are_answered_with_an_error(
    sandbox: WasmSandbox, tmp_path: Path, name: str, types: str, values: str, status: int
) -> None:
    words = [
        f"({kind}.const {value})" for kind, value in zip(types.split(), values.split(), strict=True)
    ]
    outcome = run(sandbox, tmp_path, CALL.format(name=name, types=types, values=" ".join(words)))
    if status == 0:
        assert outcome.ending is Ending.FINISHED
    else:
        assert f"status {status};" in said(outcome)


MAKES = """
(module
  (import "wasi_snapshot_preview1" "{name}" (func $call (param {types}) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) ".hidden")
  (data (i32.const 32) "plain")
  (func (export "_start") (drop (call $call {values}))))
"""


@pytest.mark.parametrize(
    ("name", "types", "values"),
    [
        ("path_open", OPEN, "4 0 16 7 1 64 0 0 0"),
        ("path_create_directory", "i32 i32 i32", "4 32 5"),
        ("path_symlink", "i32 i32 i32 i32 i32", "16 7 4 32 5"),
    ],
)
def test_what_no_result_may_hold_ends_the_task(
    sandbox: WasmSandbox, tmp_path: Path, name: str, types: str, values: str
) -> None:
    words = [
        f"({kind}.const {value})" for kind, value in zip(types.split(), values.split(), strict=True)
    ]
    outcome = run(sandbox, tmp_path, MAKES.format(name=name, types=types, values=" ".join(words)))
    assert "plain file" in said(outcome)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('(func (export "_start") (param i32))', "argument"),
        ('(global (export "_start") i32 (i32.const 0))', "no function"),
        ('(func (export "_start") unreachable)', "unreachable"),
        ('(func $f (export "_start") (call $f))', "stack"),
        ('(func (export "_start") (drop (i32.load (i32.const -4))))', "out of bounds"),
        ('(import "env" "open" (func)) (func (export "_start"))', "unknown import"),
        (
            (
                '(import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32))) '
                '(func (export "_start"))'
            ),
            "types incompatible",
        ),
    ],
)
def test_a_broken_program_is_told_why(
    sandbox: WasmSandbox, tmp_path: Path, text: str, word: str
) -> None:
    at = text.rfind("(func") if text.startswith("(import") else 0
    memory = '(memory (export "memory") 1)'
    whole = f"(module {text[:at]} {memory} {text[at:]})"
    assert word in said(run(sandbox, tmp_path, whole))


def test_guest_code_before_its_start_is_in_the_fence_too(
    sandbox: WasmSandbox, tmp_path: Path
) -> None:
    text = """
    (module
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func $first (call $exit (i32.add (i32.const 40) (call $random (i32.const 0) (i32.const 8)))))
      (start $first)
      (func (export "_start")))
    """
    assert "status 40;" in said(run(sandbox, tmp_path, text))


def test_growing_beyond_the_limit_fails_and_says_so(sandbox: WasmSandbox, tmp_path: Path) -> None:
    text = """
    (module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (call $exit (memory.size))))
    """
    pages = RESOURCES.memory_bytes // 2**16
    assert f"status {pages};" in said(run(sandbox, tmp_path, text))
