"""What a container task may demand of this machine, and who its users are here. Pure functions."""

from __future__ import annotations

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.sandbox.cdi import card_name
from gridle.worker.sandbox.engine import Engine, GVisor
from gridle.worker.sandbox.port import TaskSpec
from gridle.worker.sandbox.spare_ids import SPARE_IDS

NOBODY_ID = 65534
"""The traditional user without rights; owns nothing in any image worth running."""


def user_flags(engine: Engine, spec: TaskSpec) -> list[str]:
    """Return who the task's users are on this machine: anybody but this machine's users."""
    if engine.is_podman and engine.rootless:
        # files that the task writes belong to the owner of the worker, who can remove them
        return ["--userns", f"keep-id:uid={NOBODY_ID},gid={NOBODY_ID}"]
    if engine.first_host_id is None or spec.isolation == "gvisor" or spec.network_allow:
        # gVisor's own kernel has a user namespace of its own and starts in no other; and a network
        # namespace that was made beforehand cannot be set up from a container's user namespace
        return []
    whole = f"0:{engine.first_host_id}:{SPARE_IDS}"  # a task that breaks out owns nothing here
    return ["--uidmap", whole, "--gidmap", whole]


def demanded_gvisor(engine: Engine, spec: TaskSpec) -> GVisor | None:
    """Return what the task is to run under; None where it demands nothing.

    Raises:
        UnavailableError: it demands gVisor, which is not here.
    """
    if spec.isolation != "gvisor":
        return None
    if engine.gvisor is None:
        said = engine.gvisor_said
        raise UnavailableError(
            f"This task may only run under gVisor, and cannot here. {said.en}",
            f"此任务只能在 gVisor 下运行，本机无法满足。{said.zh}",
        )
    return engine.gvisor


def card_flags(engine: Engine, spec: TaskSpec) -> list[str]:
    """Return its graphics cards, each by name: no other device, and every other fence as before.

    Raises:
        UnavailableError: the engine cannot hand one of them over, or not in this fence.
    """
    if spec.gpus and spec.isolation == "gvisor":
        raise UnavailableError(
            "This task asks for a graphics card under gVisor, where a card cannot be fenced; "
            "it goes elsewhere.",
            "此任务要求在 gVisor 下使用显卡，而 gVisor 无法隔离显卡；该任务将由他人承接。",
        )
    flags = []
    for uuid in spec.gpus:
        name = card_name(engine.cards, uuid)
        if name is None:
            said = engine.cards_said
            raise UnavailableError(
                f"The graphics card {uuid} cannot be handed to a container. {said.en}",
                f"显卡 {uuid} 无法交给容器使用。{said.zh}",
            )
        flags += ["--device", name]
    return flags
