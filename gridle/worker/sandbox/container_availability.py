"""What an owner and a market are told of the container fence, as a pure function."""

from __future__ import annotations

from gridle.market.protocol.manifest import Isolation
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.engine import Engine
from gridle.worker.sandbox.port import Availability


def container_availability(found: Engine | Sentence, least: Isolation) -> Availability:
    """Say whether tasks run on what was found, under the owner's `least` isolation."""
    if isinstance(found, Sentence):
        return Availability(works=False, explanation=found)
    if least == "gvisor" and found.gvisor is None:
        said = found.gvisor_said
        return Availability(
            works=False,
            explanation=Sentence(
                f"Your limits let container tasks run under gVisor alone. {said.en}",
                f"您的限制仅允许容器任务在 gVisor 下运行。{said.zh}",
            ),
        )
    return Availability(
        works=True,
        explanation=Sentence(
            f"Container tasks run here, on {found.name} {found.version}.",
            f"本机可运行容器任务（{found.name} {found.version}）。",
        ),
        version=f"{found.program} {found.version}",
        gvisor=found.gvisor is not None,
        gpus=bool(found.cards) and least == "any",  # gVisor cannot fence a card
    )
