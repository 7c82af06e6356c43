"""Run a practice job's program and scripts for real, as the worker and the requestor do."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import wasmtime

ROOT = Path(__file__).resolve().parents[2]
JOBS = ROOT / "resources" / "practice-jobs"
FENCE = (
    *("--rm", "--network=none", "--read-only", "--read-only-tmpfs=false", "--user=65534:65534"),
    *("--cap-drop=all", "--security-opt=no-new-privileges", "--pids-limit=64", "--workdir=/out"),
    *("--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096"),
)


def manifest(job: str) -> dict[str, Any]:
    """Return the job's source manifest."""
    return tomllib.loads((JOBS / job / "manifest.toml").read_text("utf-8"))


def task_arguments(job: str, index: int, round_number: int = 1) -> list[str]:
    """Return one task's arguments as a submitter fills them in."""
    arguments: list[str] = manifest(job)["tasks"]["arguments"][index]
    return [one.replace("{round}", str(round_number)) for one in arguments]


def run_wasm(job: str, arguments: list[str], out: Path) -> None:
    """Run the job's module in this process."""
    out.mkdir(parents=True)
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    wasi = wasmtime.WasiConfig()
    wasi.argv = ["task", *arguments]
    wasi.preopen_dir(str(JOBS / job), "/in")
    wasi.preopen_dir(str(out), "/out")
    store.set_wasi(wasi)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    module = wasmtime.Module.from_file(engine, str(JOBS / job / manifest(job)["runtime"]["module"]))
    start = linker.instantiate(store, module).exports(store)["_start"]
    assert isinstance(start, wasmtime.Func)
    start(store)


def run_container(job: str, image: str, arguments: list[str], out: Path) -> None:
    """Run the job's command in a container with all the fences that a task has."""
    out.mkdir(parents=True)
    out.chmod(0o777)
    command = manifest(job)["runtime"]["command"]
    runtime = ["--runtime=runc"] if Path("/usr/sbin/runc").exists() else []
    mounts = [f"--volume={JOBS / job}:/in:ro", f"--volume={out}:/out"]
    argv = ["podman", "run", *runtime, *FENCE, *mounts, image, *command, *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-500:]


def run_script(job: str, script: str, *arguments: str) -> tuple[int, str]:
    """Run the requestor's script; returns its exit status and what it said."""
    argv = [sys.executable, "-I", str(JOBS / job / script), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()
