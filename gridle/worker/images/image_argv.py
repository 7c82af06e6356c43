"""The command lines with which an engine's images are looked at, loaded and removed. Pure."""

from __future__ import annotations

from pathlib import Path

from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.engine import Engine

STORE_FIELDS = ("{{.Host.ServiceIsRemote}}", "{{.Store.GraphDriverName}}", "{{.Store.GraphRoot}}")


def facts_argv(engine: Engine, image_sha256: str) -> list[str]:
    """Return the command line that prints an image's id, size in bytes and names, a line each.

    Podman adds the annotations of its manifest, which it hands to the runtime; Docker hands none.
    """
    annotations = "{{json .Annotations}}" if engine.is_podman else "null"
    form = "{{.Id}}\n{{.Size}}\n{{json .RepoTags}}\n" + annotations
    return [*base_argv(engine), "image", "inspect", "--format", form, f"sha256:{image_sha256}"]


def load_argv(engine: Engine, archive: Path) -> list[str]:
    """Return the command line that loads an image archive."""
    return [*base_argv(engine), "load", "--quiet", "--input", str(archive)]


def remove_image_argv(engine: Engine, image_sha256: str) -> list[str]:
    """Return the command line that removes an image which no container uses: never by force.

    Nor its unnamed parents, which may be the owner's.
    """
    return [*base_argv(engine), "rmi", "--no-prune", f"sha256:{image_sha256}"]


def store_argv(engine: Engine) -> list[str]:
    """Return the command line that prints where Podman keeps images (`STORE_FIELDS`)."""
    return [*base_argv(engine), "info", "--format", "\n".join(STORE_FIELDS)]
