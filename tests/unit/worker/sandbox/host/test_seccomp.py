from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.host.seccomp import (
    ALLOW,
    COMPUTE,
    END,
    MACHINES,
    REFUSE,
    WITH_FILES,
    build,
)

FORBIDDEN = {
    "x86_64": {
        "socket": 41,
        "connect": 42,
        "clone": 56,
        "fork": 57,
        "vfork": 58,
        "execve": 59,
        "kill": 62,
        "ptrace": 101,
        "setuid": 105,
        "chroot": 161,
        "mount": 165,
        "init_module": 175,
        "tgkill": 234,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "process_vm_readv": 310,
        "seccomp": 317,
        "memfd_create": 319,
        "bpf": 321,
        "execveat": 322,
        "userfaultfd": 323,
        "io_uring_setup": 425,
        "clone3": 435,
        "ioctl": 16,
        "open": 2,
        "prctl": 157,
    },
    "aarch64": {
        "ioctl": 29,
        "mount": 40,
        "chroot": 51,
        "unshare": 97,
        "init_module": 105,
        "ptrace": 117,
        "kill": 129,
        "tgkill": 131,
        "setuid": 146,
        "prctl": 167,
        "socket": 198,
        "connect": 203,
        "keyctl": 219,
        "clone": 220,
        "execve": 221,
        "perf_event_open": 241,
        "process_vm_readv": 270,
        "seccomp": 277,
        "memfd_create": 279,
        "bpf": 280,
        "execveat": 281,
        "userfaultfd": 282,
        "io_uring_setup": 425,
        "clone3": 435,
    },
}
PROT_EXEC = 4


def answer(program: bytes, architecture: int, number: int, third: int = 0) -> int:
    """Run classic BPF over a seccomp_data, as the kernel would."""
    data = struct.pack("=IIQ6Q", number, architecture, 0, 0, 0, third, 0, 0, 0)
    loaded, at = 0, 0
    while True:
        code, if_true, if_false, operand = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        match code:
            case 0x20:
                (loaded,) = struct.unpack_from("=I", data, operand)
            case 0x06:
                return int(operand)
            case 0x15:
                at += if_true if loaded == operand else if_false
            case 0x35:
                at += if_true if loaded >= operand else if_false
            case 0x45:
                at += if_true if loaded & operand else if_false
            case _:
                raise AssertionError(code)


@pytest.mark.parametrize("machine", sorted(MACHINES))
@pytest.mark.parametrize("new_code", [False, True])
def test_only_what_is_named_is_left(machine: str, *, new_code: bool) -> None:
    architecture, _, numbers = MACHINES[machine]
    program = build(machine, WITH_FILES, new_code=new_code)
    allowed = {each for each in range(600) if answer(program, architecture, each) == ALLOW}
    assert allowed == {numbers[name] for name in WITH_FILES if name in numbers}
    for name, number in FORBIDDEN[machine].items():
        assert answer(program, architecture, number) == REFUSE, name


@pytest.mark.parametrize("machine", sorted(MACHINES))
def test_without_files_none_is_opened_or_changed(machine: str) -> None:
    architecture, _, numbers = MACHINES[machine]
    program = build(machine, COMPUTE, new_code=True)
    for name in ("openat", "unlinkat", "renameat", "getdents64", "ftruncate"):
        assert answer(program, architecture, numbers[name]) == REFUSE


@given(
    st.sampled_from(sorted(MACHINES)),
    st.sampled_from(["mmap", "mprotect"]),
    st.integers(0, 2**64 - 1),
)
def test_no_new_memory_is_executable(machine: str, name: str, access: int) -> None:
    architecture, _, numbers = MACHINES[machine]
    program = build(machine, WITH_FILES, new_code=False)
    expected = REFUSE if access & PROT_EXEC else ALLOW
    assert answer(program, architecture, numbers[name], access) == expected
    compiles = build(machine, COMPUTE, new_code=True)
    assert answer(compiles, architecture, numbers[name], access) == ALLOW


@given(st.sampled_from(sorted(MACHINES)), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_other_architectures_and_numbers_end_it(machine: str, other: int, number: int) -> None:
    architecture = MACHINES[machine][0]
    program = build(machine, WITH_FILES, new_code=False)
    if other != architecture:
        assert answer(program, other, number) == END
    if number >= 0x40000000:
        assert answer(program, architecture, number) == END


def test_every_name_has_a_number_where_there_is_such_a_call() -> None:
    missing = {
        machine: {name for name in WITH_FILES if name not in numbers}
        for machine, (_, _, numbers) in MACHINES.items()
    }
    assert missing == {"x86_64": set(), "aarch64": {"rename", "unlink"}}


def test_a_machine_that_is_not_known_gets_no_wrong_filter() -> None:
    with pytest.raises(KeyError):
        build("riscv64", COMPUTE, new_code=False)
