"""Images in real engines: Podman's store, and a Docker daemon of the tests' own."""

from __future__ import annotations

import gzip
import json
import secrets
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.manifest import ContainerRuntime
from gridle.market.protocol.sentence import Sentence
from gridle.worker.doctor_traces import LEDGER_NAME
from gridle.worker.images.store import ImageStore
from gridle.worker.ledger.connection import connect
from gridle.worker.ledger.images import ImageTable
from gridle.worker.ledger.ledger import open_ledger
from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.engine import Engine, ask_program
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.wipe_command import wipe_home
from tests.rigs import docker_engine
from tests.rigs.sandbox_archive import (
    LAYER_TYPE,
    blob_name,
    config_of,
    digest,
    layer_tar,
    manifest_of,
    oci_index,
    write_files,
)

pytestmark = pytest.mark.engine


class Made:
    """A small image that no engine has ever seen, and archives of it."""

    def __init__(self, folder: Path) -> None:
        self.layer = layer_tar(secrets.token_bytes(5000))
        self.config = config_of(self.layer)
        self.sha256 = digest(self.config).removeprefix("sha256:")
        self.runtime = ContainerRuntime(self.sha256, ("/file",), "a" * 64)
        self._folder = folder

    def docker_archive(self) -> Path:
        """Return the layout that we write when we pull from a registry."""
        packed = gzip.compress(self.layer)
        image = {
            "Config": blob_name(self.config),
            "RepoTags": None,
            "Layers": [blob_name(packed)],
        }
        files = {"manifest.json": json.dumps([image]).encode()}
        files |= {blob_name(each): each for each in (self.config, packed)}
        return write_files(self._folder / f"{self.sha256}.tar", files)

    def evil_archive(self) -> Path:
        """Return an OCI archive with a stranger's layer and this image's configuration."""
        layer = layer_tar(b"evil")
        manifest = manifest_of(self.config, layer, media_type=LAYER_TYPE)
        files = {
            "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
            "index.json": oci_index(manifest),
        }
        files |= {blob_name(each): each for each in (self.config, manifest, layer)}
        return write_files(self._folder / f"{self.sha256}-evil.tar", files)


class Rig:
    """An engine, our store over it, and the engine's own commands for a test to act with."""

    def __init__(self, engine: Engine, folder: Path, quota_bytes: int = 2**30) -> None:
        self.engine = engine
        self.folder = folder
        self.records = ImageTable(connect(folder / f"{secrets.token_hex(4)}.sqlite"))
        self.store = ImageStore(ask_program, self.records, quota_bytes)
        self.made: list[Made] = []

    def image(self) -> Made:
        self.made.append(Made(self.folder))
        return self.made[-1]

    def prepare(self, image: Made) -> None:
        self.store.prepare(self.engine, image.runtime, lambda _: image.docker_archive())

    def has(self, image: Made) -> bool:
        return self("image", "inspect", f"sha256:{image.sha256}", check=False).returncode == 0

    def __call__(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*base_argv(self.engine), *words],
            check=check, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def clean(self) -> None:
        for image in self.made:
            if self.has(image):
                self("rmi", "--force", image.sha256)
        self.records.close()


@pytest.fixture(scope="module")
def docker_host() -> Iterator[str]:
    if not docker_engine.can_start():
        pytest.skip("needs dockerd, and to be root")
    with docker_engine.docker_engine() as host:
        yield host


@pytest.fixture(params=["podman", "docker"])
def found(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    if request.param == "docker":
        monkeypatch.setenv("DOCKER_HOST", request.getfixturevalue("docker_host"))
    engine = find_engine(which=lambda name: name if name in (request.param, "runc") else None)
    if isinstance(engine, Sentence):
        pytest.skip(engine.en)
    return engine


@pytest.fixture
def rig(found: Engine, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(found, tmp_path)
    yield made
    made.clean()


def test_an_image_is_loaded_once_and_known_as_ours(rig: Rig) -> None:
    image = rig.image()
    rig.prepare(image)
    assert rig.has(image)
    rig.store.check(rig.engine, image.sha256)
    (record,) = rig.records.all()
    assert record.image_sha256 == image.sha256
    assert len(image.layer) <= record.size_bytes < 2 * len(image.layer)
    rig.store.prepare(rig.engine, image.runtime, never)
    assert rig.records.all()[0].used_at > record.used_at


def test_an_image_that_was_there_is_used_and_never_removed(rig: Rig) -> None:
    image = rig.image()
    rig("load", "--input", str(image.docker_archive()))
    rig.store.prepare(rig.engine, image.runtime, never)
    assert rig.records.all() == ()
    assert not rig.store.drop(rig.engine, image.sha256)
    assert rig.has(image)


def test_the_longest_unused_goes_when_room_is_needed(found: Engine, tmp_path: Path) -> None:
    rig = Rig(found, tmp_path, quota_bytes=25_000)
    first, second, third, fourth = (rig.image() for _ in range(4))
    rig.prepare(first)
    rig.prepare(second)
    rig.prepare(first)
    rig.prepare(third)
    assert [rig.has(each) for each in (first, second, third)] == [True, False, True]
    rig.store.hold(frozenset({first.sha256}))
    rig.prepare(fourth)
    assert [rig.has(each) for each in (first, third, fourth)] == [True, False, True]
    rig.clean()


def test_an_image_of_a_container_is_kept(found: Engine, tmp_path: Path) -> None:
    rig = Rig(found, tmp_path, quota_bytes=15_000)
    first, second = rig.image(), rig.image()
    rig.prepare(first)
    container = rig("create", f"sha256:{first.sha256}", "/file").stdout.strip()
    rig.prepare(second)
    assert rig.has(first)
    rig("rm", container)
    assert rig.store.drop(rig.engine, first.sha256)
    assert not rig.has(first)
    rig.clean()


def test_one_that_the_owner_named_is_the_owners(rig: Rig) -> None:
    image = rig.image()
    rig.prepare(image)
    name = f"localhost/gridle-test-{secrets.token_hex(4)}:mine"
    rig("tag", image.sha256, name)
    assert not rig.store.drop(rig.engine, image.sha256)
    assert rig.has(image)
    assert rig.records.all() == ()


def test_an_image_that_is_too_large_is_not_loaded(found: Engine, tmp_path: Path) -> None:
    rig = Rig(found, tmp_path, quota_bytes=1000)
    image = rig.image()
    with pytest.raises(UnavailableError, match="images may take"):
        rig.prepare(image)
    assert not rig.has(image)
    rig.clean()


def test_what_was_loaded_by_halves_is_forgotten_with_the_next(rig: Rig) -> None:
    gone = rig.image()
    rig.prepare(gone)
    rig("rmi", gone.sha256)
    assert rig.store.drop(rig.engine, gone.sha256)
    assert rig.records.all() == ()


@pytest.mark.parametrize("found", ["podman"], indirect=True)
def test_a_strangers_image_under_anothers_id_is_not_run(rig: Rig) -> None:
    """As another program of this machine might have loaded it; Docker does not take it at all."""
    image = rig.image()
    evil = image.evil_archive()
    with pytest.raises(InvalidInputError, match="other layers"):
        rig.store.prepare(rig.engine, image.runtime, lambda _: evil)
    assert not rig.has(image)
    rig("load", "--input", str(evil))
    with pytest.raises(UnavailableError, match="Something else stands"):
        rig.prepare(image)
    with pytest.raises(UnavailableError, match="Something else stands"):
        rig.store.check(rig.engine, image.sha256)


def never(_runtime: ContainerRuntime) -> Path:
    raise AssertionError


def test_the_ledger_of_images_survives_a_restart(found: Engine, tmp_path: Path) -> None:
    rig = Rig(found, tmp_path)
    image = rig.image()
    rig.prepare(image)
    again = ImageTable(sqlite3.connect(next(tmp_path.glob("*.sqlite")), isolation_level=None))
    assert ImageStore(ask_program, again).drop(rig.engine, image.sha256)
    assert not rig.has(image)
    again.close()
    rig.clean()


def test_wiping_the_caches_removes_ours_and_nobody_elses(rig: Rig) -> None:
    open_ledger(rig.folder / LEDGER_NAME, 0.0).ledger.close()
    rig.records.close()
    rig.records = ImageTable(connect(rig.folder / LEDGER_NAME))
    rig.store = ImageStore(ask_program, rig.records)
    ours, theirs = rig.image(), rig.image()
    rig("load", "--input", str(theirs.docker_archive()))
    rig.prepare(ours)
    said = wipe_home(rig.folder, 0.0, with_caches=True, find=lambda: rig.engine)
    assert "1 images in the container engine" in said.en
    assert not rig.has(ours)
    assert rig.has(theirs)
    assert rig.records.all() == ()
