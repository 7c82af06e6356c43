"""The WebAssembly fence: each task a wasmtime host process of its own. Works without an engine."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import MiB, Runtime, RuntimeKind, WasmRuntime
from gridle.worker.sandbox import explanations
from gridle.worker.sandbox.checkpoint import CHECKPOINT_NAME
from gridle.worker.sandbox.host_fence_build import fence_maker
from gridle.worker.sandbox.output import INPUT_NAME, OUTPUT_NAME
from gridle.worker.sandbox.own_cgroup import remove_leftovers
from gridle.worker.sandbox.port import Availability, Ending, OnEnd, Outcome, Share, TaskSpec
from gridle.worker.sandbox.supervisor import SupervisedTask
from gridle.worker.sandbox.wasm_cache import CompiledModule, WasmCache
from gridle.worker.sandbox.wasm_confinement import find_confinement
from gridle.worker.sandbox.wasm_process import WasmProcess

_COMPILE_TIMEOUT_S = 60.0
_COMPILE_MEMORY_BYTES = 1024 * MiB
_MODULE_MAX_BYTES = 64 * MiB
_CODE_MAX_BYTES = 512 * MiB
_CLOSE_TIMEOUT_S = 10.0
_WHOLE_CORE = Share(cpu_percent=100.0)
_GROUP_PREFIX = "gridle-wasm"


class WasmSandbox:
    """Runs WASI preview 1 command modules. `use_cgroup` off keeps to the duty cycle."""

    kind: RuntimeKind = "wasm"

    def __init__(self, cache_folder: Path, worker_id: str, *, use_cgroup: bool = True) -> None:
        self._cache = WasmCache(cache_folder)
        self._prefix = f"{_GROUP_PREFIX}-{worker_id}-"
        self._use_cgroup = use_cgroup
        self._compiled: dict[Sha256, CompiledModule] = {}
        self._live: set[SupervisedTask] = set()
        self._in_use: Counter[Path] = Counter()
        self._lock = threading.Lock()
        self._preparing = threading.Lock()
        """Held while a module is compiled, which may take a minute; nothing else waits for it."""

    def availability(self) -> Availability:
        """It is always there, since wasmtime comes with this program; fenced as the kernel can."""
        found = version("wasmtime")
        return Availability(
            works=True, explanation=find_confinement().explanation(found), version=found
        )

    def prepare(self, runtime: Runtime, fetch: Callable[[Runtime], Path]) -> None:
        """Compile the module in a fenced process, unless that was done before.

        Raises:
            GridleError: it cannot be had, or is no WASI command module.
        """
        digest = _wasm(runtime).module_sha256
        with self._preparing:
            found = self._cache.find(digest)
            if found is None:
                module = fetch(runtime)
                if module.stat().st_size > _MODULE_MAX_BYTES:
                    raise _bad_module("it is larger than 64 MiB", "超过 64 MiB")
                with self._lock:
                    in_use = set(self._in_use)
                found = self._cache.add(digest, lambda draft: self._compile(module, draft), in_use)
            self._compiled[digest] = found

    def start(self, spec: TaskSpec, share: Share, on_end: OnEnd) -> SupervisedTask:
        """Start a prepared task under `share`.

        Raises:
            GridleError: it was not prepared, or its process could not be started.
        """
        runtime = _wasm(spec.runtime)
        code = self._take_code(runtime.module_sha256)
        try:
            return self._start(spec, code, share, on_end)
        except BaseException:
            self._give_back(code)
            raise

    def sweep(self) -> int:
        """Remove empty groups of an earlier run; its processes died with it (see wasm_host)."""
        remove_leftovers(self._prefix)
        return 0

    def close(self) -> None:
        """Stop every task and leave nothing running."""
        with self._lock:
            tasks = list(self._live)
        for task in tasks:
            task.stop()
        for task in tasks:
            task.wait_ended(_CLOSE_TIMEOUT_S)

    def _start(
        self, spec: TaskSpec, code: CompiledModule, share: Share, on_end: OnEnd
    ) -> SupervisedTask:
        runtime = _wasm(spec.runtime)
        request = {
            "do": "run",
            "code": str(code.path),
            "code_sha256": code.sha256,
            "arguments": ["task", *spec.arguments],
            "seed": task_seed(runtime.module_sha256, spec.arguments),
            "folders": _folders(spec),
            "memory_bytes": spec.resources.memory_bytes,
            "file_bytes": largest_file_bytes(spec),
        }
        make_fence = fence_maker(self._prefix + spec.name if self._use_cgroup else None)
        process = WasmProcess(spec.name, request, make_fence, share)
        task = SupervisedTask(
            spec, process, lambda outcome: self._ended(task, code, outcome, on_end)
        )
        with self._lock:
            self._live.add(task)
        task.begin(share)
        return task

    def _ended(
        self, task: SupervisedTask, code: CompiledModule, outcome: Outcome, on_end: OnEnd
    ) -> None:
        with self._lock:
            self._live.discard(task)
        self._give_back(code)
        on_end(outcome)

    def _take_code(self, module_sha256: Sha256) -> CompiledModule:
        """Return prepared code that stays in the cache until it is given back."""
        with self._lock:
            code = self._compiled.get(module_sha256)
            if code is not None:
                self._in_use[code.path] += 1
        if code is not None and code.path.exists():
            return code
        if code is not None:  # the cache made room meanwhile
            self._give_back(code)
        raise UnavailableError(
            "This task's module was not prepared; the task will be tried again.",
            "此任务的模块尚未准备好；该任务将重试。",
        )

    def _give_back(self, code: CompiledModule) -> None:
        with self._lock:
            self._in_use[code.path] -= 1
            self._in_use += Counter()  # drops what nobody uses

    def _compile(self, module: Path, draft: Path) -> None:
        request = {
            "do": "compile",
            "module": str(module),
            "draft": str(draft),
            "memory_bytes": _COMPILE_MEMORY_BYTES,
            "file_bytes": _CODE_MAX_BYTES,
        }
        process = WasmProcess(f"compile-{os.getpid()}", request, fence_maker(None), _WHOLE_CORE)
        ended = process.wait(_COMPILE_TIMEOUT_S)
        if ended is None:
            process.kill()
            raise _bad_module("it takes more than a minute to compile", "编译超过一分钟")
        if ended.ending is not Ending.FINISHED:
            draft.unlink(missing_ok=True)
            if ended.fault is explanations.DISK_FULL:
                raise UnavailableError(explanations.DISK_FULL.en, explanations.DISK_FULL.zh)
            raise _bad_module("it is not a WASI command module", "不是 WASI 命令模块")


def largest_file_bytes(spec: TaskSpec) -> int:
    """Return how large a single file of a task may be: its output, or its state."""
    state_bytes = spec.checkpoint.max_bytes if spec.checkpoint else 0
    return max(spec.resources.output_max_bytes, state_bytes)


def task_seed(module_sha256: Sha256, arguments: tuple[str, ...]) -> bytes:
    """Return what a task's randomness grows from: the same for its replicas on other machines."""
    words = (module_sha256, *arguments)
    return hashlib.sha256(b"".join(word.encode() + b"\0" for word in words)).digest()


def _folders(spec: TaskSpec) -> tuple[tuple[str, str, bool], ...]:
    """Return the path, the name to the task, and whether it may write, of all that it sees."""
    names = [(INPUT_NAME, False), (OUTPUT_NAME, True)]
    names += [(CHECKPOINT_NAME, True)] if spec.checkpoint else []
    return tuple((str(spec.folder / name), f"/{name}", writes) for name, writes in names)


def _wasm(runtime: Runtime) -> WasmRuntime:
    if not isinstance(runtime, WasmRuntime):
        raise _bad_module("it names a container image", "它指定的是容器镜像")
    return runtime


def _bad_module(en: str, zh: str) -> InvalidInputError:
    return InvalidInputError(
        f"This task's WebAssembly module cannot be used: {en}. Its requestor must correct it.",
        f"此任务的 WebAssembly 模块无法使用：{zh}。需由发布者修正。",
    )
