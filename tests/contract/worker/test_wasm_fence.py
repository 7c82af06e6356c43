"""The fence of a WebAssembly host holds against the host itself, as if it were taken over."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir

import psutil
import pytest

import gridle
from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.manifest import WasmRuntime
from gridle.worker.sandbox.host import landlock
from gridle.worker.sandbox.host.digest import file_sha256
from gridle.worker.sandbox.wasm import WasmSandbox
from gridle.worker.sandbox.wasm_cache import compiler_key
from gridle.worker.sandbox.wasm_confinement import find_confinement
from tests.contract.worker.conftest import WasmRigMaker
from tests.contract.worker.test_sandbox import wait_for_count
from tests.rigs import sandbox_program

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="the fence of Linux"),
]

PROBE = Path(sandbox_program.__file__).with_name("fence_probe.py")
ALLOWED = {"read_in", "list_in", "write_out", "rename_out", "remove_out"}
FILES = {"write_in", "make_in", "write_beside", "read_passwd", "read_root", "read_proc"}
FILES |= {"read_device", "folder_out", "link_out", "hard_link", "pipe_out", "device_out"}
NOBODY = 65534


def probe(folder: Path, mode: str, user: int = 0) -> dict[str, str]:
    """Return what came of each attempt of the probe's."""
    for name in ("in", "out"):
        (folder / name).mkdir()
    (folder / "in" / "data.txt").write_text("x")
    for path in (folder, folder / "in", folder / "in" / "data.txt", folder / "out"):
        os.chown(path, user or os.getuid(), -1)
    root = str(Path(gridle.__file__).parents[1])
    places = (str(folder / "in"), str(folder / "out"), str(user))
    command = [sys.executable, "-I", "-S", str(PROBE), root, mode, *places]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {
        words[0]: words[1] for line in done.stdout.splitlines() if (words := line.split(" ", 1))
    }


needs_both = pytest.mark.skipif(
    not (find_confinement().files and find_confinement().calls),
    reason="this kernel lacks Landlock or seccomp",
)


@needs_both
def test_nothing_gets_out(tmp_path: Path) -> None:
    said = probe(tmp_path, "landlock+seccomp")
    assert {name for name, word in said.items() if word == "done"} == ALLOWED
    assert len(said) > 45
    assert {said[name] for name in ("socket", "fork", "execute", "ptrace", "raw_execute")} == {
        "EPERM"
    }
    assert said["read_passwd"] == "EACCES"
    assert list((tmp_path / "out").iterdir()) == []


@needs_both
def test_nothing_but_memory_is_left_to_the_compiler(tmp_path: Path) -> None:
    said = probe(tmp_path, "landlock+seccomp+compile")
    assert {name for name, word in said.items() if word == "done"} == {"executable_memory"}


@needs_both
def test_where_there_is_no_landlock_seccomp_holds(tmp_path: Path) -> None:
    said = probe(tmp_path, "seccomp")
    done = {name for name, word in said.items() if word == "done"}
    opens = {"write_in", "make_in", "write_beside", "read_passwd", "read_root", "read_proc"}
    assert done == ALLOWED | opens | {"read_device"}


@needs_both
def test_where_there_is_no_seccomp_landlock_holds(tmp_path: Path) -> None:
    said = probe(tmp_path, "landlock")
    assert {name for name in FILES | {"execute"} if said[name] == "done"} == set()
    if landlock.version(ctypes.CDLL(None, use_errno=True)) >= 4:
        assert said["connect"] == "EACCES"


@needs_both
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_it_holds_for_a_user_without_rights_too(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if Path(gettempdir()) in folder.parents:  # one of ours
            folder.chmod(0o755)
    said = probe(tmp_path, "landlock+seccomp", NOBODY)
    assert {name for name, word in said.items() if word == "done"} == ALLOWED


def test_a_running_host_is_in_the_fence(wasm_rig: WasmRigMaker) -> None:
    rig = wasm_rig(use_cgroup=False)
    started = rig.start("count")
    wait_for_count(started, 1)
    (host,) = (each for each in psutil.Process().children() if "wasm_host" in str(each.cmdline()))
    status = Path(f"/proc/{host.pid}/status").read_text("ascii")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["NoNewPrivs"] == "1"
    assert {fields[name] for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {"0" * 16}
    assert fields["Seccomp"] == ("2" if find_confinement().calls else "0")
    assert int(fields["Threads"]) == 2  # the guest's, and the one that ends it with its worker
    rig.sandbox.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_no_fault_of_the_module(tmp_path: Path) -> None:
    module = sandbox_program.build(sandbox_program.WASM_TARGET)
    digest = file_sha256(module.read_bytes())
    draft = tmp_path / f"{digest}-{compiler_key()}.new"
    draft.symlink_to("/dev/full")
    sandbox = WasmSandbox(tmp_path, "full", use_cgroup=False)
    with pytest.raises(UnavailableError, match="disk is full"):
        sandbox.prepare(WasmRuntime(digest), lambda _: module)
    assert Path("/dev/full").exists()
    sandbox.prepare(WasmRuntime(digest), lambda _: module)
