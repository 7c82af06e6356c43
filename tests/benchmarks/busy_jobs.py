"""Two jobs that only burn CPU, for measuring how well the worker holds them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from gridle.resources_folder import resources_folder

PYTHON_JOB = "cancer-screening"
"""The practice job whose image has a Python."""

_SPIN_C = "int main(void) { volatile unsigned n = 0; for (;;) n++; }\n"
_MANIFEST = """
[job]
name = "{name}"
title = "Busy loop"
summary = "Counts for ever, to be measured."
[runtime]
{runtime}
[resources]
reference_s = 36000
memory_bytes = 33554432
wall_limit_s = 36000
[pay]
price_units = 100000000
deadline_s = 36000
[verification]
method = "requestor"
verdict_timeout_s = 60
[tasks]
arguments = [{tasks}]
"""


def compile_spin(folder: Path) -> Path:
    """Compile the endless loop to WebAssembly; returns the module's path."""
    source, module = folder / "spin.c", folder / "spin.wasm"
    source.write_text(_SPIN_C)
    subprocess.run(
        [
            *(sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-O1"),
            *("-o", str(module), str(source)),
        ],
        check=True,
        capture_output=True,
    )
    return module


def write_busy_jobs(folder: Path, tasks_each: int) -> Path:
    """Write a busy WebAssembly job and a busy container job; returns their folder.

    The container job uses a practice job's image, so it stands in a folder of that name.
    """
    wasm, container = folder / "busy-wasm", folder / PYTHON_JOB
    wasm.mkdir(parents=True)
    container.mkdir()
    digest = hashlib.sha256(compile_spin(wasm).read_bytes()).hexdigest()
    tasks = ", ".join(["[]"] * tasks_each)
    (wasm / "manifest.toml").write_text(
        _MANIFEST.format(
            name="busy-wasm",
            tasks=tasks,
            runtime=f'kind = "wasm"\nmodule = "spin.wasm"\nsha256 = "{digest}"',
        )
    )
    shutil.copy(resources_folder() / "practice-jobs" / PYTHON_JOB / "packages.txt", container)
    runtime = (
        'kind = "container"\nimage_recipe = "packages.txt"\n'
        'command = ["python3", "-c", "while True: pass"]'
    )
    (container / "manifest.toml").write_text(
        _MANIFEST.format(name="busy-container", tasks=tasks, runtime=runtime)
    )
    return folder
