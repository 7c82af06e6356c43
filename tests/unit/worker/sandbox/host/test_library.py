from __future__ import annotations

import ctypes
from pathlib import Path

import pytest
import wasmtime
from wasmtime import _bindings, _ffi

from gridle.worker.sandbox.host.library import (
    EXTERN_FUNCTION,
    EXTERN_MEMORY,
    RAW_WORDS,
    SIGNATURES,
    SWITCHES,
    Callback,
    Extern,
    Instance,
    Vec,
    library_path,
)

SIZES = {ctypes.c_bool: 1, ctypes.c_uint8: 1, ctypes.c_int64: 8, ctypes.c_size_t: 8}


def size_of(kind: object) -> int:
    return 0 if kind is None else SIZES.get(kind) or ctypes.sizeof(kind)  # type: ignore[call-overload, arg-type]


@pytest.mark.parametrize("name", [*SIGNATURES, *SWITCHES])
def test_signatures_are_those_of_the_package(name: str) -> None:
    theirs = getattr(_bindings, f"_{name}")
    result, parameters = SIGNATURES.get(name, (None, (ctypes.c_void_p, ctypes.c_bool)))
    assert [size_of(kind) for kind in parameters] == [size_of(kind) for kind in theirs.argtypes]
    assert size_of(result) == size_of(theirs.restype)


def test_structures_are_as_large_as_they_must_be() -> None:
    assert ctypes.sizeof(Vec) == ctypes.sizeof(_bindings.wasm_byte_vec_t)
    assert ctypes.sizeof(Extern) >= ctypes.sizeof(_bindings.wasmtime_extern_t)
    assert Extern.of.offset == _bindings.wasmtime_extern_t.of.offset
    assert ctypes.sizeof(Instance) >= ctypes.sizeof(_bindings.wasmtime_instance_t)
    assert ctypes.sizeof(_bindings.wasmtime_val_raw_t) == 8 * RAW_WORDS
    theirs = _bindings.wasmtime_func_unchecked_callback_t
    assert len(Callback._argtypes_) == len(theirs._argtypes_)
    assert _ffi.WASMTIME_EXTERN_FUNC.value == EXTERN_FUNCTION
    assert _ffi.WASMTIME_EXTERN_MEMORY.value == EXTERN_MEMORY


def test_the_library_is_found_where_the_package_has_it() -> None:
    folder = str(Path(wasmtime.__file__).parents[1])
    assert library_path(folder, _ffi.sys_platform, _ffi.machine) == str(_ffi.filename)


@pytest.mark.parametrize(
    ("system", "machine", "path"),
    [
        ("linux", "aarch64", "f/wasmtime/linux-aarch64/_libwasmtime.so"),
        ("darwin", "arm64", "f/wasmtime/darwin-aarch64/_libwasmtime.dylib"),
        ("win32", "AMD64", "f/wasmtime/win32-x86_64/_wasmtime.dll"),
    ],
)
def test_every_system_has_its_own(system: str, machine: str, path: str) -> None:
    assert library_path("f", system, machine) == path
