"""WebAssembly modules that are hostile in themselves, and code that nobody verified."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import wasmtime

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.manifest import WasmRuntime
from gridle.worker.sandbox.port import Ending, Outcome
from gridle.worker.sandbox.wasm import WasmSandbox
from tests.escape import verdicts
from tests.escape.case import WASM
from tests.escape.fence import SMALL, Attack, Fence

_BRIEF = msgspec.structs.replace(SMALL, wall_limit_s=0.5)

MODULES = {
    "a module that wants 4 GiB": ('(memory (export "memory") 65536)', "", ""),
    "a module that grows without end": (
        '(memory (export "memory") 1)',
        "(loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable",
        "",
    ),
    "a module with a huge table": ('(memory (export "memory") 1)', "", "(table 10000000 funcref)"),
    "a module that asks for a function of the host": (
        '(memory (export "memory") 1)', "", '(import "env" "system" (func (param i32)))',
    ),
    "a module that asks for sockets": (
        '(memory (export "memory") 1)', "",
        '(import "wasi_snapshot_preview1" "sock_connect" (func (param i32 i32 i32)))',
    ),
    "a module that reads past its memory": (
        '(memory (export "memory") 1)', "(drop (i32.load (i32.const 0x7fffffff)))", "",
    ),
    "a module that computes before it starts": (
        '(memory (export "memory") 1)', "", "(func $early (loop $on (br $on))) (start $early)",
    ),
    "a module that recurses": ('(memory (export "memory") 1)', "(call $main)", ""),
    "a module that never ends": ('(memory (export "memory") 1)', "(loop $on (br $on))", ""),
}  # fmt: skip

_Make = Callable[[bytes], Fence]


@pytest.fixture
def make(tmp_path: Path) -> _Make:
    def ready(module: bytes) -> Fence:
        path = tmp_path / "module.wasm"
        path.write_bytes(module)
        runtime = WasmRuntime(hashlib.sha256(module).hexdigest())
        sandbox = WasmSandbox(tmp_path / "cache", "escape-modules")
        sandbox.prepare(runtime, lambda _: path)
        return Fence(WASM, sandbox, runtime, tmp_path)

    return ready


def _module(memory: str, body: str, more: str) -> bytes:
    imports, rest = (more, "") if more.startswith("(import") else ("", more)
    text = f'(module {imports} {memory} {rest} (func $main (export "_start") {body}))'
    return bytes(wasmtime.wat2wasm(text))


def _ended(attack: Attack) -> Outcome:
    outcome = attack.outcome()
    assert outcome.ending is Ending.FAILED, outcome
    assert outcome.explanation is not None
    assert outcome.explanation.en.isprintable()
    return outcome


@pytest.mark.parametrize("name", MODULES)
def test_a_hostile_module_is_ended(make: _Make, name: str) -> None:
    attack = make(_module(*MODULES[name])).start(resources=_BRIEF)
    outcome = _ended(attack)
    assert attack.task.usage().peak_memory_bytes < 2**28
    verdicts.note(name, WASM, outcome)


@pytest.mark.parametrize(
    "module",
    [b"", b"\0asm", b"\x7fELF" + bytes(200), b"\0asm\1\0\0\0", b"\0asm\x0d\0\1\0" + bytes(50)],
)
def test_what_is_no_command_module_is_refused(make: _Make, module: bytes) -> None:
    with pytest.raises(InvalidInputError):
        make(module)
    verdicts.record("something else as a module", WASM, "refused when it was compiled")


def test_a_module_that_is_hard_to_compile_is_refused_or_run(make: _Make) -> None:
    depth = 20_000
    body = "(block " * depth + ")" * depth
    try:
        fence = make(_module('(memory (export "memory") 1)', body, ""))
    except InvalidInputError as error:
        said = error.sentence.en
    else:
        said = str(fence.start(resources=SMALL).outcome().ending)
    verdicts.record("a module that is hard to compile", WASM, said[:80])


def test_compiled_code_that_was_changed_does_not_run(make: _Make, tmp_path: Path) -> None:
    fence = make(_module('(memory (export "memory") 1)', "", ""))
    (code,) = (tmp_path / "cache").glob("*.cwasm")
    changed = bytearray(code.read_bytes())
    changed[len(changed) // 2] ^= 1
    code.write_bytes(changed)
    outcome = fence.start().outcome()
    assert outcome.ending is Ending.BROKEN
    assert outcome.explanation is not None
    verdicts.note("compiled code that was changed", WASM, outcome)


def test_compiled_code_under_another_digest_does_not_run(make: _Make, tmp_path: Path) -> None:
    make(_module('(memory (export "memory") 1)', "unreachable", ""))
    evil = next((tmp_path / "cache").glob("*.cwasm")).read_bytes()
    fence = make(_module('(memory (export "memory") 1)', "", ""))
    digest = fence.runtime.module_sha256  # type: ignore[union-attr]
    next((tmp_path / "cache").glob(f"{digest}*.cwasm")).write_bytes(evil)
    assert fence.start().outcome().ending is Ending.BROKEN
    verdicts.record("another module's code in its place", WASM, "not run")
