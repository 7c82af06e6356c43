"""The command lines of a container engine, as pure functions. Each flag says why it is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.manifest import ContainerRuntime
from gridle.worker.sandbox.cgroup import LEAST_SHARES
from gridle.worker.sandbox.checkpoint import CHECKPOINT_NAME
from gridle.worker.sandbox.container_demands import (
    NOBODY_ID,
    card_flags,
    demanded_gvisor,
    user_flags,
)
from gridle.worker.sandbox.cores import cores_text, usable_cores
from gridle.worker.sandbox.engine import Engine, GVisor
from gridle.worker.sandbox.hidden_paths import hidden_paths
from gridle.worker.sandbox.net_request import PROXY_ADDRESS, PROXY_PORT
from gridle.worker.sandbox.output import INPUT_NAME, OUTPUT_NAME
from gridle.worker.sandbox.port import Share, TaskSpec

WORKER_LABEL = "gridle.worker"
_OPEN_FILES = 1024
_PROCESSES = 4096
_PIDS = 512
_SIGNALS = 1024
_LOCKED_BYTES = 2**16
_SHARED_MEMORY = "64m"
_LEAST_CPUS = 0.01
_PROXY_KINDS = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
_PROXIES = (*_PROXY_KINDS, *(name.lower() for name in _PROXY_KINDS))


@dataclass(frozen=True)
class Place:
    """Where a container lives on this machine."""

    name: str
    worker_id: str
    seccomp_profile: Path
    cid_file: Path
    pid_file: Path
    machine_cores: frozenset[int]
    network: str | None = None
    """The path of a network namespace that holds nothing but a proxy; None: no network at all."""
    engine_settings: Path | None = None
    """A containers.conf(5) with which a rootless engine starts a container in that namespace."""


def base_argv(engine: Engine) -> list[str]:
    """Return the engine's program with the flags that come before any command."""
    choice = ["--runtime", engine.runtime] if engine.is_podman and engine.runtime else []
    return [engine.program, *choice]


def _run(engine: Engine, gvisor: GVisor | None) -> list[str]:
    """Return what runs a container, under gVisor where the task or its owner demands it."""
    if gvisor is None:
        return [*base_argv(engine), "run"]
    if not engine.is_podman:
        return [engine.program, "run", "--runtime", gvisor.runtime]
    flags = [part for flag in gvisor.flags for part in ("--runtime-flag", flag)]
    return [engine.program, "--runtime", gvisor.runtime, *flags, "run"]


def run_argv(engine: Engine, spec: TaskSpec, share: Share, place: Place) -> list[str]:
    """Return the command line that runs a task, attached to its output, until it ends.

    Raises:
        UnavailableError: it demands what this engine has not: gVisor, or one of its cards.
    """
    runtime = spec.runtime
    if not isinstance(runtime, ContainerRuntime):
        raise TypeError("not a container task")
    return [
        *_engine_settings(engine, place),
        *_run(engine, demanded_gvisor(engine, spec)),
        *_identity(place),
        *_fence(place),
        *_network(engine, place),
        *user_flags(engine, spec),
        *card_flags(engine, spec),
        *_resources(engine, spec, share, place),
        *_files(engine, spec),
        *(_podman_only(spec, place) if engine.is_podman else _docker_only()),
        *_entrypoint(engine, runtime),
        f"sha256:{runtime.image_sha256}",  # by digest: a name could be moved
        *runtime.command[1:],
        *spec.arguments,
    ]


def _identity(place: Place) -> list[str]:
    return [
        "--name", place.name,
        "--label", f"{WORKER_LABEL}={place.worker_id}",  # by which leftovers are found
        "--cidfile", str(place.cid_file),  # its id, to be sure of its control group
        "--hostname", "task",  # nothing of this machine, not even its name
        "--pull", "never",  # no registry is ever asked on a task's behalf
        "--log-driver", "none",  # a log file would fill the disk; we keep the tail ourselves
        "--no-healthcheck",  # an image's health check is a second program of its own
    ]  # fmt: skip


def _fence(place: Place) -> list[str]:
    return [
        "--cap-drop", "all",  # no privilege of root
        "--security-opt", "no-new-privileges",  # setuid programs gain nothing
        "--security-opt", f"seccomp={place.seccomp_profile}",  # few system calls
        "--read-only",  # the image's own files stay as their digest says
        "--user", f"{NOBODY_ID}:{NOBODY_ID}",  # not root, even inside
        "--cgroupns", "private",  # no view of this machine's control groups
        "--ipc", "private",  # no shared memory with anybody
    ]  # fmt: skip


def _engine_settings(engine: Engine, place: Place) -> list[str]:
    if place.engine_settings is None:
        return []
    old = engine.version.startswith(("3.", "4."))  # there it stands in for the user's own settings
    variable = "CONTAINERS_CONF" if old else "CONTAINERS_CONF_OVERRIDE"
    return ["env", f"{variable}={place.engine_settings}"]


def _network(engine: Engine, place: Place) -> list[str]:
    if place.network is None:
        return ["--network", "none"]  # a task has no network
    names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    proxy = f"http://{PROXY_ADDRESS}:{PROXY_PORT}"
    return [
        "--network", f"ns:{place.network}",  # made by net_host.py: there is no route out of it
        "--dns", "none",  # this machine's name servers are no business of a task's
        *(part for name in names for part in ("--env", f"{name}={proxy}")),
        # the kernel shows /sys to nobody but the namespace's maker; a task needs none of it
        *(["--tmpfs", "/sys:ro,nosuid,nodev,noexec,size=64k"] if engine.rootless else []),
    ]  # fmt: skip


def _resources(engine: Engine, spec: TaskSpec, share: Share, place: Place) -> list[str]:
    needs = spec.resources
    nofile = min(_OPEN_FILES, engine.nofile_ceiling)
    nproc = min(_PROCESSES, engine.nproc_ceiling)
    state_bytes = spec.checkpoint.max_bytes if spec.checkpoint else 0
    file_bytes = max(needs.output_max_bytes, needs.scratch_bytes, state_bytes)
    cpu = []
    if engine.has_cpu_controller:
        cpus = min(len(place.machine_cores), max(_LEAST_CPUS, share.cpu_percent / 100))
        cpu = [
            "--cpus", f"{cpus:.2f}",  # the owner's limit, from the first instant
            "--cpu-shares", str(LEAST_SHARES),  # everybody else's programs go first
        ]  # fmt: skip
    if engine.has_cpuset_controller:
        # the cores that are left to tasks; an engine refuses to start on one that is not there
        cpu += ["--cpuset-cpus", cores_text(usable_cores(share.core_ids, place.machine_cores))]
    if engine.cgroup_parent:
        cpu += ["--cgroup-parent", engine.cgroup_parent]  # all tasks go last as one
    return [
        *cpu,
        "--memory", str(needs.memory_bytes),
        "--memory-swap", str(needs.memory_bytes),  # equal: no swap, which would slow the owner
        "--oom-score-adj", "1000",  # when memory is short, the task goes first
        "--pids-limit", str(_PIDS),  # no fork bomb
        "--shm-size", _SHARED_MEMORY,
        "--ulimit", f"nofile={nofile}:{nofile}",
        "--ulimit", f"nproc={nproc}:{nproc}",
        "--ulimit", f"fsize={file_bytes}:{file_bytes}",  # no single file beyond the limits
        # counted by user, and the user of a rootless engine's tasks is the owner
        "--ulimit", f"sigpending={_SIGNALS}:{_SIGNALS}",  # timers, too
        "--ulimit", "msgqueue=0:0",
        "--ulimit", f"memlock={_LOCKED_BYTES}:{_LOCKED_BYTES}",
        "--ulimit", "core=0:0",  # a dump would hold a requestor's data
    ]  # fmt: skip


def _files(engine: Engine, spec: TaskSpec) -> list[str]:
    mounts = _mount(engine, spec.folder / INPUT_NAME, "/in", writable=False)
    mounts += _mount(engine, spec.folder / OUTPUT_NAME, "/out", writable=True)
    if spec.checkpoint:
        mounts += _mount(engine, spec.folder / CHECKPOINT_NAME, "/checkpoint", writable=True)
    scratch_bytes = max(spec.resources.scratch_bytes, 4096)
    return [
        *mounts,
        "--tmpfs", f"/tmp:rw,nosuid,nodev,noexec,mode=1777,size={scratch_bytes}",  # noqa: S108 - the task's own
        "--workdir", "/out",
        "--env", "HOME=/tmp",
        "--env", "TZ=UTC",  # not this machine's
    ]  # fmt: skip


def _mount(engine: Engine, source: Path, target: str, *, writable: bool) -> list[str]:
    mode = "rw" if writable else "ro"
    label = ",Z" if engine.labels == "SELinux" else ""  # its own label: no other container's
    if engine.is_podman:
        return ["--volume", f"{source}:{target}:{mode},nosuid,nodev,noexec{label}"]
    if label:  # which `--mount` does not know
        return ["--volume", f"{source}:{target}:{mode}{label}"]
    # Docker's bind mounts take no such options; no-new-privileges and no devices hold
    read_only = "" if writable else ",readonly"
    return ["--mount", f"type=bind,source={source},target={target}{read_only}"]


def _podman_only(spec: TaskSpec, place: Place) -> list[str]:
    hidden = hidden_paths(with_cards=bool(spec.gpus))
    return [
        "--security-opt", f"mask={':'.join(hidden)}",  # nothing that tells of the owner
        "--pidfile", str(place.pid_file),
        "--http-proxy=false",  # Podman would hand this machine's proxy settings on
        "--no-hosts",  # and its hosts file
        "--image-volume", "ignore",  # an image's volumes would be writable without limit
        "--read-only-tmpfs=false",  # no writable places but /tmp, /out and /dev/shm
        "--systemd=false",
        "--sdnotify", "ignore",
    ]  # fmt: skip


def _docker_only() -> list[str]:
    # a name alone, unknown to the client, takes a proxy away that the client is configured with
    return [part for name in _PROXIES for part in ("--env", name)]


def without_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the client that runs a task: what it knows, it may hand on."""
    return {name: value for name, value in environment.items() if name not in _PROXIES}


def _entrypoint(engine: Engine, runtime: ContainerRuntime) -> list[str]:
    first = runtime.command[0]  # Podman would read a leading bracket as a JSON list
    return ["--entrypoint", json.dumps([first]) if engine.is_podman else first]


def remove_argv(engine: Engine, *names: str) -> list[str]:
    """Return the command line that ends containers and removes them with their volumes."""
    at_once = ["--time", "0", "--ignore"] if engine.is_podman else []
    return [*base_argv(engine), "rm", "--force", "--volumes", *at_once, *names]


def list_argv(engine: Engine, worker_id: str) -> list[str]:
    """Return the command line that lists the ids of a worker's containers, one a line."""
    label = f"label={WORKER_LABEL}={worker_id}"
    return [*base_argv(engine), "ps", "--all", "--quiet", "--no-trunc", "--filter", label]


def inspect_argv(engine: Engine, name: str) -> list[str]:
    """Return the command line that prints a container's state as JSON."""
    return [*base_argv(engine), "container", "inspect", "--format", "{{json .State}}", name]


def update_cpus_argv(engine: Engine, name: str, cpus: float) -> list[str]:
    """Return the command line that changes a running container's CPU limit."""
    return [*base_argv(engine), "update", "--cpus", f"{max(_LEAST_CPUS, cpus):.2f}", name]


def update_cores_argv(engine: Engine, place: Place, core_ids: tuple[int, ...]) -> list[str]:
    """Return the command line that changes the cores a running container is kept to."""
    cores = cores_text(usable_cores(core_ids, place.machine_cores))
    return [*base_argv(engine), "update", "--cpuset-cpus", cores, place.name]


def control_argv(engine: Engine, verb: str, name: str) -> list[str]:
    """Return the command line of a plain verb such as `pause` or `unpause`."""
    return [*base_argv(engine), verb, name]
