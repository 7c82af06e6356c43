"""What engines answer when they are asked about themselves, for tests without one."""

from __future__ import annotations

import json

from gridle.worker.sandbox.engine import Ask, Reply, Which

CONTROLLERS = ["cpu", "memory", "pids"]


def podman_info(
    version: str = "5.0.1",
    *,
    rootless: bool = False,
    controllers: object = CONTROLLERS,
    security: dict[str, bool] | None = None,
    **host: object,
) -> dict[str, object]:
    """Return what `podman info --format json` says, as far as it is read."""
    fences = {"rootless": rootless, **(security or {})}
    return {
        "host": {"cgroupControllers": controllers, "security": fences, **host},
        "version": {"Version": version},
    }


def docker_info(**more: object) -> dict[str, object]:
    """Return what `docker info --format '{{json .}}'` says, as far as it is read."""
    return {"ServerVersion": "28.1", "SecurityOptions": ["name=seccomp"], **more}


def which(*installed: str) -> Which:
    """Return a `shutil.which` that finds these programs."""
    return lambda program: f"/usr/bin/{program}" if program in installed else None


def answers(**by_program: Reply) -> Ask:
    """Return what asks programs by their name, each of which always says the same."""
    return lambda argv, _: by_program[argv[0].rpartition("/")[2]]


def told(info: object) -> Reply:
    """Return a good answer in JSON."""
    return Reply(0, json.dumps(info), "")
