"""A real engine is given image archives as real engines save them."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.manifest import ContainerRuntime
from gridle.resources_folder import resources_folder
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.engine import Engine
from tests.rigs.sandbox_archive import (
    CONFIG,
    IMAGE_SHA256,
    layer_tar,
    manifest_of,
    oci_files,
    regular,
    write_files,
    write_tar,
)

pytestmark = pytest.mark.engine
ARCHIVE_SHA256 = "a" * 64


class RealEngine:
    """Podman's own commands, with one small image made for a test."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._argv = base_argv(engine)
        self.content = secrets.token_bytes(8)
        tar = write_tar(folder / "root.tar", [regular("file", self.content)])
        self.image_sha256 = self("import", "--quiet", str(tar)).removeprefix("sha256:")

    def __call__(self, *words: str) -> str:
        command = [*self._argv, *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout.strip()

    def save(self, path: Path, layout: str, what: str) -> Path:
        self("save", "--quiet", "--format", layout, "--output", str(path), what)
        return path

    def forget(self) -> None:
        self("rmi", "--force", self.image_sha256)

    def has(self) -> bool:
        return self.image_sha256 in self("images", "--all", "--quiet", "--no-trunc")


@pytest.fixture
def real(engine: Engine, tmp_path: Path) -> Iterator[RealEngine]:
    if not engine.is_podman:
        pytest.skip("speaks Podman's dialect")
    made = RealEngine(engine, tmp_path)
    yield made
    if made.has():
        made.forget()


@pytest.fixture
def sandbox() -> ContainerSandbox:
    return ContainerSandbox("test-images", resources_folder() / "seccomp" / "task.json")


def prepare(sandbox: ContainerSandbox, image_sha256: str, archive: Path) -> None:
    runtime = ContainerRuntime(image_sha256, ("/file",), ARCHIVE_SHA256)
    sandbox.prepare(runtime, lambda _: archive)


@pytest.mark.parametrize("layout", ["docker-archive", "oci-archive"])
def test_an_archive_is_loaded_by_digest(
    sandbox: ContainerSandbox, real: RealEngine, tmp_path: Path, layout: str
) -> None:
    archive = real.save(tmp_path / "image.tar", layout, real.image_sha256)
    real.forget()
    prepare(sandbox, real.image_sha256, archive)
    assert real.has()
    prepare(sandbox, real.image_sha256, tmp_path / "not needed again")


@pytest.mark.parametrize("layout", ["docker-archive", "oci-archive"])
def test_a_tag_of_the_owners_is_never_moved(
    sandbox: ContainerSandbox, real: RealEngine, tmp_path: Path, layout: str
) -> None:
    name = f"localhost/gridle-test-{secrets.token_hex(4)}:mine"
    real("tag", real.image_sha256, name)
    archive = real.save(tmp_path / "image.tar", layout, name)
    real.forget()
    with pytest.raises(InvalidInputError, match="brings names"):
        prepare(sandbox, real.image_sha256, archive)
    assert not real.has()


@pytest.mark.parametrize("layout", ["docker-archive", "oci-archive"])
def test_another_image_is_not_even_loaded(
    sandbox: ContainerSandbox, real: RealEngine, tmp_path: Path, layout: str
) -> None:
    archive = real.save(tmp_path / "image.tar", layout, real.image_sha256)
    real.forget()
    with pytest.raises(InvalidInputError, match="another image"):
        prepare(sandbox, "0" * 64, archive)
    assert not real.has()


def test_a_broken_archive_is_refused(
    sandbox: ContainerSandbox, real: RealEngine, tmp_path: Path
) -> None:
    archive = real.save(tmp_path / "image.tar", "docker-archive", real.image_sha256)
    real.forget()
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInputError, match="refused"):
        prepare(sandbox, real.image_sha256, archive)
    archive.write_bytes(whole.replace(real.content, b"tampered"))
    with pytest.raises(InvalidInputError, match="other layers"):
        prepare(sandbox, real.image_sha256, archive)
    assert not real.has()


def test_a_strangers_layers_never_stand_under_anothers_id(
    sandbox: ContainerSandbox, tmp_path: Path
) -> None:
    """Podman itself takes this archive: the image's id is the digest of its configuration alone."""
    evil = layer_tar(secrets.token_bytes(8))
    files = oci_files(None, manifest_of(CONFIG, evil), evil)
    archive = write_files(tmp_path / "image.tar", files)
    with pytest.raises(InvalidInputError, match="other layers"):
        prepare(sandbox, IMAGE_SHA256, archive)


def test_an_image_that_nobody_brings(sandbox: ContainerSandbox) -> None:
    with pytest.raises(UnavailableError, match="brings no archive"):
        sandbox.prepare(ContainerRuntime("0" * 64, ("/x",)), lambda _: Path("/nowhere"))
