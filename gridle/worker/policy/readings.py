"""What the probes last said about this machine."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from gridle.worker.policy.limits import NetworkKind


class Presence(StrEnum):
    """Whether somebody uses this machine."""

    AWAY = "away"
    """No input for the owner's `idle_after_s`, or a machine without any session."""
    IN_USE = "in_use"
    WATCHED = "watched"
    """No input, but a film, a presentation or a full screen: it counts as in use."""
    UNSEEN = "unseen"
    """There is a session whose input cannot be seen: it counts as in use."""


class Blindness(StrEnum):
    """Why a session's input cannot be seen; each has its own sentence of what to do."""

    NO_X_ACCESS = "no_x_access"
    """An X server that does not let this program in (no cookie), or that is gone."""
    NO_IDLE_PROTOCOL = "no_idle_protocol"
    """A Wayland compositor that tells nobody how long its user has been idle."""
    NO_COMPOSITOR = "no_compositor"
    """A Wayland compositor that is gone, or does not let this program in."""
    OTHER_SESSION = "other_session"
    """Another user's graphical session, or one of another seat."""
    NOT_BUILT = "not_built"
    """This system's way of telling is not known to Gridle."""


class AttentionKind(StrEnum):
    """What shows that somebody looks at the screen without touching anything."""

    FULLSCREEN = "fullscreen"
    """A program fills the screen: a film, a game, a presentation."""
    INHIBITOR = "inhibitor"
    """A program asked that the screen stay on."""


class Attention(Struct, frozen=True):
    """One such sign, with the program's untrusted name where it is known."""

    kind: AttentionKind
    program: str = ""


class Gpu(Struct, frozen=True):
    """One graphics card."""

    index: int
    name: str
    memory_bytes: int
    memory_used_bytes: int
    utilisation_percent: int
    uuid: str = ""
    temperature_c: float | None = None
    power_w: float | None = None
    foreign_programs: tuple[str, ...] = ()
    """Names of programs other than our tasks that compute or draw on it."""
    foreign_utilisation_percent: float = 0.0
    """Their share of its time; the whole where the driver does not tell programs apart."""


class Network(Struct, frozen=True):
    """The connection that the default route uses."""

    kind: NetworkKind = "wired"
    """Where it cannot be told: wired."""
    metered: bool = False
    connected: bool = True


class Readings(Struct, frozen=True):
    """The machine at one moment. Unknown readings hold the value that stops nothing."""

    seconds_since_input: float | None
    """None where no session exists or none can be seen; `session_unseen` tells which."""
    session_unseen: bool
    on_battery: bool
    battery_percent: float | None
    foreign_cpu_percent: float
    """Share of all cores used by programs other than our tasks, smoothed over seconds."""
    free_memory_bytes: int
    """What tasks may have in all: unused memory, with what our tasks hold already."""
    cores: int = 4096
    """Logical cores of this machine."""
    gpus: tuple[Gpu, ...] = ()
    blindness: Blindness | None = None
    """Why `session_unseen`."""
    session_locked: bool = False
    """Every session is locked."""
    attention: tuple[Attention, ...] = ()
    power_saver: bool = False
    cpu_temperature_c: float | None = None
    """The hottest sensor of the processor."""
    fan_rpm: float | None = None
    """The fastest fan."""
    memory_pressure_percent: float | None = None
    """Share of the last ten seconds in which some program waited for memory (Linux's PSI)."""
    free_disk_bytes: int | None = None
    """Where tasks work."""
    our_disk_bytes: int = 0
    """What tasks, their programs and results hold there."""
    network: Network = Network()
    volume_bytes: int = 0
    """What the worker has sent and received in this local month."""
    exclusive_program: str | None = None
    """The one of the owner's exclusive programs that runs."""
    performance_cores: tuple[int, ...] = ()
    efficiency_cores: tuple[int, ...] = ()
    """Numbers of logical cores by kind; both empty where the kernel knows one kind."""
    power_w: float | None = None
    """What the machine or its processors draw now, where that can be measured."""


class OurUse(Struct, frozen=True):
    """What the worker and its tasks use, so that it does not count as somebody else's."""

    cpu_s: float = 0.0
    """CPU seconds of all tasks so far."""
    memory_bytes: int = 0
    """Memory that tasks hold now."""
    volume_bytes: int = 0
    """Sent and received in this local month."""
