"""The few calls of wasmtime's C API that a task needs, through ctypes.

After wasmtime's C headers (wasm.h, wasmtime/*.h). The whole Python package takes 40 ms to import,
two thirds of what a task's start may take. Whatever is opaque in the headers stays so here: values
are passed as raw words, and other structures as memory that is larger than they are. A test holds
the signatures against the package's own.
"""

from __future__ import annotations

import ctypes
import os
import sys

_P, _SIZE, _BYTES, _BOOL = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_bool
_I64, _U8 = ctypes.c_int64, ctypes.c_uint8

Callback = ctypes.CFUNCTYPE(_SIZE, _P, _P, ctypes.POINTER(ctypes.c_uint64), _SIZE)
"""A function of the host: (data, caller, raw values of 16 bytes each, their count) -> trap or 0."""
RAW_WORDS = 2
"""Words of 64 bits in a raw value."""
EXTERN_FUNCTION, EXTERN_MEMORY = 0, 3


class Vec(ctypes.Structure):
    """wasm_byte_vec_t, and every other vector of the C API."""

    _fields_ = (("size", _SIZE), ("data", _P))


class Extern(ctypes.Structure):
    """wasmtime_extern_t: `of` is a union; `item` gives its address."""

    _fields_ = (("kind", _U8), ("of", ctypes.c_uint64 * 6))

    def item(self) -> int:
        """Return the address of the function or memory that this is."""
        return ctypes.addressof(self) + Extern.of.offset


class Instance(ctypes.Structure):
    """wasmtime_instance_t."""

    _fields_ = (("opaque", ctypes.c_uint64 * 4),)


_VEC = ctypes.POINTER(Vec)
SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "wasm_config_new": (_P, ()),
    "wasm_engine_new_with_config": (_P, (_P,)),
    "wasm_byte_vec_delete": (None, (_VEC,)),
    "wasm_valtype_new": (_P, (_U8,)),
    "wasm_valtype_vec_new": (None, (_VEC, _SIZE, ctypes.POINTER(_P))),
    "wasm_functype_new": (_P, (_VEC, _VEC)),
    "wasm_importtype_module": (_VEC, (_P,)),
    "wasm_importtype_name": (_VEC, (_P,)),
    "wasm_exporttype_name": (_VEC, (_P,)),
    "wasm_trap_message": (None, (_P, _VEC)),
    "wasmtime_config_max_wasm_stack_set": (None, (_P, _SIZE)),
    "wasmtime_error_message": (None, (_P, _VEC)),
    "wasmtime_store_new": (_P, (_P, _P, _P)),
    "wasmtime_store_context": (_P, (_P,)),
    "wasmtime_store_limiter": (None, (_P, _I64, _I64, _I64, _I64, _I64)),
    "wasmtime_module_new": (_P, (_P, _P, _SIZE, ctypes.POINTER(_P))),
    "wasmtime_module_serialize": (_P, (_P, _VEC)),
    "wasmtime_module_deserialize": (_P, (_P, _P, _SIZE, ctypes.POINTER(_P))),
    "wasmtime_module_imports": (None, (_P, _VEC)),
    "wasmtime_module_exports": (None, (_P, _VEC)),
    "wasmtime_linker_new": (_P, (_P,)),
    "wasmtime_linker_define_func_unchecked": (
        _P,
        (_P, _BYTES, _SIZE, _BYTES, _SIZE, _P, Callback, _P, _P),
    ),
    "wasmtime_linker_instantiate": (_P, (_P, _P, _P, _P, ctypes.POINTER(_P))),
    "wasmtime_instance_export_get": (_BOOL, (_P, _P, _BYTES, _SIZE, _P)),
    "wasmtime_caller_export_get": (_BOOL, (_P, _BYTES, _SIZE, _P)),
    "wasmtime_func_call": (_P, (_P, _P, _P, _SIZE, _P, _SIZE, ctypes.POINTER(_P))),
    "wasmtime_memory_data": (_P, (_P, _P)),
    "wasmtime_memory_data_size": (_SIZE, (_P, _P)),
    "wasmtime_trap_new": (_P, (_BYTES, _SIZE)),
}
SWITCHES = {
    # The same bytes from every processor.
    "wasmtime_config_cranelift_nan_canonicalization_set": True,
    "wasmtime_config_wasm_relaxed_simd_set": False,
    "wasmtime_config_wasm_threads_set": False,
    "wasmtime_config_shared_memory_set": False,
    # What no task needs is not there to be attacked, and holds no memory beside the limited one.
    "wasmtime_config_wasm_multi_memory_set": False,
    "wasmtime_config_wasm_memory64_set": False,
    "wasmtime_config_wasm_gc_set": False,
    "wasmtime_config_gc_support_set": False,
    "wasmtime_config_wasm_function_references_set": False,
    "wasmtime_config_wasm_exceptions_set": False,
    "wasmtime_config_wasm_stack_switching_set": False,
    "wasmtime_config_wasm_component_model_set": False,
    # Data is copied into the memory: mapping it would need a system call that the fence refuses.
    "wasmtime_config_memory_init_cow_set": False,
    # Compiling takes one core at most.
    "wasmtime_config_parallel_compilation_set": False,
}
"""Settings of the engine that are on or off; compiled code is bound to all of them."""
STACK_BYTES = 2**20


def library_path(folder: str, system: str, machine: str) -> str:
    """Return where wasmtime's library lies below the folder of Python's packages."""
    machine = {"AMD64": "x86_64", "arm64": "aarch64", "ARM64": "aarch64"}.get(machine, machine)
    names = {"win32": "_wasmtime.dll", "darwin": "_libwasmtime.dylib"}
    name = names.get(system, "_libwasmtime.so")
    return os.path.join(folder, "wasmtime", f"{system}-{machine}", name)  # noqa: PTH118 - see the package


def load(folder: str) -> ctypes.CDLL:
    """Return the library with the types of what is called.

    Raises:
        OSError: it is not there.
    """
    found = ctypes.CDLL(library_path(folder, sys.platform, _machine()))
    for name, (result, parameters) in SIGNATURES.items():
        call = getattr(found, name)
        call.restype, call.argtypes = result, parameters
    for name in SWITCHES:
        call = getattr(found, name)
        call.restype, call.argtypes = None, (_P, _BOOL)
    return found


def _machine() -> str:
    if sys.platform == "win32":  # it has no uname, and a host is given no environment to read
        return "ARM64" if "ARM64" in sys.version else "AMD64"
    return os.uname().machine
