"""wasmtime as a task's process uses it: compile a module, or run a compiled one."""

from __future__ import annotations

import ctypes
from ctypes import byref

from gridle.worker.sandbox.host.guest_memory import GuestMemory
from gridle.worker.sandbox.host.library import (
    EXTERN_FUNCTION,
    EXTERN_MEMORY,
    STACK_BYTES,
    SWITCHES,
    Callback,
    Extern,
    Instance,
    Vec,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TABLE_ELEMENTS = 100_000
_TABLES = 16
_I32, _I64 = 0, 1
_START, _MEMORY = b"_start", b"memory"


class WasmFault(Exception):  # noqa: N818 - the guest's fault, not this program's error
    """The module cannot be used, or broke off; the message is wasmtime's."""


class Engine:
    """One engine; its configuration is the only one there is, since code is bound to it."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        config = library.wasm_config_new()
        for name, on in SWITCHES.items():
            getattr(library, name)(config, on)
        library.wasmtime_config_max_wasm_stack_set(config, STACK_BYTES)
        self._engine = library.wasm_engine_new_with_config(config)

    def compile(self, module: bytes) -> bytes:
        """Return the native code of a WASI command module.

        Raises:
            WasmFault: it is not one.
        """
        compiled = ctypes.c_void_p()
        self.check(
            self.library.wasmtime_module_new(self._engine, module, len(module), byref(compiled))
        )
        exports = self._names("wasmtime_module_exports", compiled, "wasm_exporttype_name")
        if _START not in exports or _MEMORY not in exports:
            raise WasmFault("it is not a WASI command module: it exports no _start or no memory")
        code = Vec()
        self.check(self.library.wasmtime_module_serialize(compiled, byref(code)))
        return self._taken(code)

    def load(self, code: bytes) -> Program:
        """Return a program of code that `compile` made, and whose digest was checked.

        Raises:
            OSError: it was made by another version, or for another processor.
        """
        module = ctypes.c_void_p()
        try:
            self.check(
                self.library.wasmtime_module_deserialize(
                    self._engine, code, len(code), byref(module)
                )
            )
        except WasmFault as fault:
            raise OSError(str(fault)) from fault
        return Program(self, self._engine, module)

    def imports(self, module: ctypes.c_void_p) -> list[tuple[bytes, bytes]]:
        """Return the module and the name of everything that a module asks for."""
        modules = self._names("wasmtime_module_imports", module, "wasm_importtype_module")
        names = self._names("wasmtime_module_imports", module, "wasm_importtype_name")
        return list(zip(modules, names, strict=True))

    def check(self, error: int | None) -> None:
        """Raise what a call returned as its error."""
        if error:
            message = Vec()
            self.library.wasmtime_error_message(error, byref(message))
            raise WasmFault(self._taken(message).decode("utf-8", "replace"))

    def check_trap(self, trap: ctypes.c_void_p) -> None:
        """Raise the trap that a call left, if it did."""
        if trap.value:
            message = Vec()
            self.library.wasm_trap_message(trap, byref(message))
            raise WasmFault(self._taken(message).rstrip(b"\0").decode("utf-8", "replace"))

    def function_type(self, parameters: str, *, gives_number: bool) -> int:
        """Return a function's type: `parameters` has an `i` or `I` for each of 32 or 64 bits."""
        kinds = [_I64 if each == "I" else _I32 for each in parameters]
        taken, given = self._types(kinds), self._types([_I32] if gives_number else [])
        return int(self.library.wasm_functype_new(byref(taken), byref(given)))

    def _types(self, kinds: list[int]) -> Vec:
        types = (ctypes.c_void_p * len(kinds))(*map(self.library.wasm_valtype_new, kinds))
        vec = Vec()
        self.library.wasm_valtype_vec_new(byref(vec), len(kinds), types)
        return vec

    def _names(self, listing: str, module: ctypes.c_void_p, naming: str) -> list[bytes]:
        vec = Vec()
        getattr(self.library, listing)(module, byref(vec))
        if not vec.size:
            return []
        items = (ctypes.c_void_p * vec.size).from_address(vec.data)
        names = (getattr(self.library, naming)(item).contents for item in items)
        return [ctypes.string_at(name.data, name.size) for name in names]

    def _taken(self, vec: Vec) -> bytes:
        taken = ctypes.string_at(vec.data, vec.size)
        self.library.wasm_byte_vec_delete(byref(vec))
        return taken


class Program:
    """A compiled module that is ready to be linked with what it asks for, and run."""

    def __init__(self, engine: Engine, raw_engine: int, module: ctypes.c_void_p) -> None:
        self._engine = engine
        self._module = module
        library = engine.library
        self._store = library.wasmtime_store_new(raw_engine, None, None)
        self._context = library.wasmtime_store_context(self._store)
        self._linker = library.wasmtime_linker_new(raw_engine)
        self._kept: list[object] = []
        self.asks_for = engine.imports(module)

    def limit(self, memory_bytes: int) -> None:
        """Hold the guest's memory to this; growing beyond it fails, and tells the guest so."""
        self._engine.library.wasmtime_store_limiter(
            self._store, memory_bytes, _TABLE_ELEMENTS, 1, _TABLES, 1
        )

    def define(
        self, name: tuple[bytes, bytes], parameters: str, call: Callable[..., int], *, number: bool
    ) -> None:
        """Give the guest a function; `call` takes what `Callback` says, and must not raise."""
        library = self._engine.library
        callback = Callback(call)
        self._kept.append(callback)
        kind = self._engine.function_type(parameters, gives_number=number)
        module, field = name
        self._engine.check(
            library.wasmtime_linker_define_func_unchecked(
                self._linker, module, len(module), field, len(field), kind, callback, None, None
            )
        )

    def memory(self, caller: int) -> GuestMemory | None:
        """Return the memory of the guest that calls; None where it exports none."""
        found = Extern()
        library = self._engine.library
        there = library.wasmtime_caller_export_get(caller, _MEMORY, len(_MEMORY), byref(found))
        if not there or found.kind != EXTERN_MEMORY:
            return None
        return GuestMemory(library, self._context, found)

    def trap(self, reason: bytes) -> int:
        """Return a trap that a callback can end the guest with."""
        return int(self._engine.library.wasmtime_trap_new(reason, len(reason)))

    def run(self) -> None:
        """Run the guest from its start to its end.

        Raises:
            WasmFault: it trapped, was ended by a callback, or asks for what nobody gives.
        """
        library, engine = self._engine.library, self._engine
        instance, trap, start = Instance(), ctypes.c_void_p(), Extern()
        error = library.wasmtime_linker_instantiate(
            self._linker, self._context, self._module, byref(instance), byref(trap)
        )
        engine.check(error)
        engine.check_trap(trap)
        there = library.wasmtime_instance_export_get(
            self._context, byref(instance), _START, len(_START), byref(start)
        )
        if not there or start.kind != EXTERN_FUNCTION:
            raise WasmFault("its _start is no function")
        error = library.wasmtime_func_call(
            self._context, start.item(), None, 0, None, 0, byref(trap)
        )
        engine.check(error)
        engine.check_trap(trap)
