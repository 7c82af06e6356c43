"""Instructions for the container runtime that an image brings along, which must not be obeyed.

Podman hands the annotations of an image's manifest to the runtime as if its user had given them.
Runtimes obey some: crun's `run.oci.seccomp_bpf_data` replaces our filter of system calls, and
`run.oci.hooks.stdout` writes a file of the host; runc's and crun's `org.systemd.property.*` set the
limits of the container's unit anew (crun(1); runc, docs/systemd.md). An image's id is the digest of
its configuration alone, so it says nothing of them.
"""

from __future__ import annotations

from gridle.market.protocol.errors import GridleError, InvalidInputError
from gridle.worker.sandbox.shallow_json import read_json

_DESCRIPTIVE = "org.opencontainers.image."
"""What is there for people to read (OCI image specification, annotations.md)."""


def instructions(untrusted_annotations: str) -> list[str]:
    """Return the names of the annotations that are more than descriptions, from their JSON.

    Annotations that cannot be read count as one.
    """
    try:
        found = read_json(untrusted_annotations or "null")
    except ValueError:
        return ["?"]
    if not isinstance(found, dict | None):
        return ["?"]
    return sorted(name for name in found or {} if not name.startswith(_DESCRIPTIVE))


def refused(untrusted_names: list[str]) -> GridleError:
    """Return the error for an image with such annotations."""
    name = ascii(untrusted_names[0][:100])
    return InvalidInputError(
        f"This job's image gives instructions to the container engine ({name}), which none may; "
        "its publisher must remove them.",
        f"此作业的镜像向容器引擎下达指令（{name}），这是不允许的；发布者须将其移除。",
    )
