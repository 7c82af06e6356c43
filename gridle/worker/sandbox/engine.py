"""A container engine of this machine, as facts that were looked up, and how it is asked."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from gridle.market.protocol.sentence import Sentence

NOT_LOOKED_FOR = Sentence("It was not looked for.", "未检测。")


@dataclass(frozen=True)
class GVisor:
    """An OCI runtime whose own kernel stands between a task and this machine's (gvisor.dev)."""

    version: str
    runtime: str
    """What the engine is to be asked for."""
    flags: tuple[str, ...] = ()
    """Of the runtime's own; Podman hands them on, in Docker they are in the daemon's settings."""


@dataclass(frozen=True)
class Engine:
    """A working engine."""

    program: str
    """`podman` or `docker`."""
    version: str
    runtime: str | None
    """The OCI runtime to ask for; None takes the engine's own choice."""
    runtime_reason: Sentence
    rootless: bool
    has_cpu_controller: bool
    """Whether the engine may limit CPU (rootless engines need it delegated)."""
    has_cpuset_controller: bool
    """Whether the engine may keep containers to some cores (often not delegated)."""
    cgroup_parent: str | None
    """Where it is to make containers' control groups, so that all tasks' stand below one; None
    where it chooses: below the group of a rootless engine without systemd."""
    nofile_ceiling: int
    """Hard limits of this process: an unprivileged engine cannot raise them."""
    nproc_ceiling: int
    runtime_name: str = "?"
    """The OCI runtime that is used where nothing else is asked for: crun, runc..."""
    cgroup_version: int = 2
    limits_swap: bool = True
    """Whether swap counts against a task's memory."""
    first_host_id: int | None = None
    """Where 65536 user ids begin that nobody has here, to map a task's onto; None: not mapped."""
    remaps_users: bool = False
    """Whether a Docker daemon maps every container's users (`userns-remap`)."""
    labels: str = ""
    """`SELinux` or `AppArmor`, where the engine labels containers."""
    gvisor: GVisor | None = None
    gvisor_said: Sentence = NOT_LOOKED_FOR
    """That gVisor works, or why not and what to do."""
    cards: frozenset[str] = frozenset()
    """Graphics cards that the engine can hand over, by their CDI names."""
    cards_said: Sentence = NOT_LOOKED_FOR
    """Which, or why none and what to do."""
    passed_over: tuple[Sentence, ...] = ()
    """What is wrong with an engine that would have come before this one."""

    @property
    def is_podman(self) -> bool:
        """Podman has flags that Docker lacks."""
        return self.program == "podman"

    @property
    def name(self) -> str:
        """What people call it."""
        return self.program.capitalize()


@dataclass(frozen=True)
class Reply:
    """What an engine's command line answered."""

    status: int
    stdout: str
    stderr: str

    @property
    def last_words(self) -> str:
        """The last line of its complaint, short enough for a sentence."""
        lines = self.stderr.strip().splitlines()
        return ascii(lines[-1][-300:])[1:-1] if lines else f"exit status {self.status}"


Ask = Callable[[list[str], float], Reply]
"""Runs an argv with a timeout in seconds."""
Which = Callable[[str], str | None]
"""Finds a program by name, as `shutil.which`."""


def ask_program(argv: list[str], timeout_s: float) -> Reply:
    """Run an engine's command; a missing program or a timeout is an answer too."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            start_new_session=True,
        )
    except FileNotFoundError:
        return Reply(127, "", f"{argv[0]} is not installed")
    except PermissionError:
        return Reply(126, "", f"{argv[0]} may not be run")
    except subprocess.TimeoutExpired:
        return Reply(124, "", f"{argv[0]} did not answer within {timeout_s:g} s")
    return Reply(
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
    )
