"""Both fences of a worker, for its bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gridle.resources_folder import resources_folder
from gridle.worker.images.store import ImageStore
from gridle.worker.policy.task_rules import GvisorUse
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.port import Sandbox
from gridle.worker.sandbox.wasm import WasmSandbox


@dataclass(frozen=True)
class Sandboxes:
    """One of each kind."""

    wasm: WasmSandbox
    container: ContainerSandbox

    def __iter__(self) -> Iterator[Sandbox]:
        yield from (self.wasm, self.container)


def build_sandboxes(
    home: Path,
    worker_id: str,
    images: ImageStore | None = None,
    *,
    gvisor: Callable[[], GvisorUse] = lambda: "asked",
) -> Sandboxes:
    """Return the sandboxes of the worker whose files are in `home`; `images` are its engine's.

    `worker_id` names what they leave on the machine; lower-case letters, digits and hyphens.
    `gvisor` tells, at each start, for which containers the owner wants it.
    """
    profile = resources_folder() / "seccomp" / "task.json"
    return Sandboxes(
        WasmSandbox(home / "modules", worker_id),
        ContainerSandbox(worker_id, profile, images=images, gvisor=gvisor),
    )
