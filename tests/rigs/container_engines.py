"""Every container engine that the sandbox contract is held to, by one word each."""

from __future__ import annotations

import functools
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from gridle.market.protocol.manifest import Isolation
from gridle.market.protocol.sentence import Sentence
from gridle.resources_folder import resources_folder
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.engine import Engine, ask_program
from gridle.worker.sandbox.engine_docker import find_docker
from gridle.worker.sandbox.engine_podman import find_podman
from tests.rigs import sandbox_program

KINDS = ("podman", "podman-gvisor", "docker")


def isolation(kind: str) -> Isolation:
    """Return the least that its tasks run under."""
    return "gvisor" if kind.endswith("-gvisor") else "any"


@functools.cache
def find(kind: str) -> Engine | Sentence:
    """Return the engine, or why it cannot run tasks here."""
    program = kind.partition("-")[0]
    if shutil.which(program) is None:
        return Sentence(f"{program} is not installed", "")
    found = (find_podman if program == "podman" else find_docker)(ask_program, shutil.which)
    if isinstance(found, Engine) and isolation(kind) == "gvisor" and found.gvisor is None:
        return found.gvisor_said
    return found


def make_sandbox(kind: str, worker_id: str) -> ContainerSandbox:
    """Return a sandbox on that engine and no other."""
    return ContainerSandbox(
        worker_id,
        resources_folder() / "seccomp" / "task.json",
        find=lambda: find(kind),
        isolation=lambda: isolation(kind),
    )


def import_program(engine: Engine) -> str:
    """Make an image that holds the contract's program as /task; return its digest."""
    program = sandbox_program.build(f"{platform.machine()}-linux-musl")
    with tempfile.TemporaryDirectory() as folder:
        tar = sandbox_program.image_tar(program, Path(folder) / "root.tar")
        command = [*base_argv(engine), "import", str(tar)]
        done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    return done.stdout.strip().removeprefix("sha256:")


def forget_image(engine: Engine, image_sha256: str, environment: dict[str, str]) -> None:
    """Remove it from the engine's store."""
    command = [*base_argv(engine), "rmi", "--force", image_sha256]
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment)
