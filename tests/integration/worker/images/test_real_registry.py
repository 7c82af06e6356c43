"""Debian's docker-registry, interrupted and resumed, into a real engine."""

from __future__ import annotations

import gzip
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import ContainerRuntime, RegistryImage
from gridle.market.protocol.sentence import Sentence
from gridle.resources_folder import resources_folder
from gridle.worker.images.supply import ImageSupply
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.engine import ask_program
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.sandbox.image_archive import check_image_archive
from gridle.worker.sources.pace import Paces
from gridle.worker.sources.progress import OnProgress, Progress
from tests.rigs import registry
from tests.rigs.sandbox_archive import LAYER_TYPE, config_of, digest, layer_tar, manifest_of

SECOND_BYTES = 2_000_000


class Pushed:
    """An image in the registry, of which nobody else knows."""

    def __init__(self, host: str) -> None:
        layers = [layer_tar(secrets.token_bytes(size)) for size in (3_000_000, 10)]
        packed = [gzip.compress(each) for each in layers]
        config = config_of(*layers)
        manifest = manifest_of(config, *packed, media_type=f"{LAYER_TYPE}+gzip")
        self.sha256 = digest(config).removeprefix("sha256:")
        repository = f"{host}/acme/tool"
        pushed = registry.push(repository, [config, *packed], manifest)
        self.size_bytes = sum(map(len, packed))
        image = RegistryImage(repository, pushed)
        self.runtime = ContainerRuntime(self.sha256, ("/file",), None, image)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not registry.is_installed():
        pytest.skip(f"needs {registry.PROGRAM}")
    with registry.running(tmp_path_factory.mktemp("registry")) as found:
        yield found


def supply(folder: Path, paces: Paces) -> ImageSupply:
    return ImageSupply(folder, paces, no_blob, allows_near=True)


def no_blob(sha256: Sha256, on_progress: OnProgress) -> Path:
    raise AssertionError(sha256, on_progress)


def test_a_pull_that_was_broken_off_goes_on_and_brings_the_rest(host: str, tmp_path: Path) -> None:
    image, paces, told = Pushed(host), Paces(), list[Progress]()
    paces.downloads.limit(SECOND_BYTES)
    first = supply(tmp_path, paces)
    thread = threading.Thread(target=lambda: cut_short(first, image, told))
    thread.start()
    while not any(each.done_bytes > 500_000 for each in told):
        assert thread.is_alive()
        thread.join(0.01)
    first.close()
    paces.downloads.close()
    thread.join(20)
    (draft,) = tmp_path.glob("*.part")
    had_bytes = draft.stat().st_size
    assert had_bytes > 500_000
    again = Paces()
    archive = supply(tmp_path, again).fetch(image.runtime)
    check_image_archive(archive, image.sha256)
    assert again.downloads.total_bytes < image.size_bytes - had_bytes + 20_000


def cut_short(supply_: ImageSupply, image: Pushed, told: list[Progress]) -> None:
    with pytest.raises(GridleError, match="ending"):
        supply_.fetch(image.runtime, told.append)


@pytest.mark.engine
def test_a_pulled_image_is_loaded_and_its_archive_goes(host: str, tmp_path: Path) -> None:
    engine = find_engine()
    if isinstance(engine, Sentence):
        pytest.skip(engine.en)
    image = Pushed(host)
    sandbox = ContainerSandbox("test-registry", resources_folder() / "seccomp" / "task.json")
    try:
        supply(tmp_path, Paces()).prepare(sandbox, image.runtime)
        sandbox.images.check(engine, image.sha256)
        assert list(tmp_path.iterdir()) == []
    finally:
        ask_program([*base_argv(engine), "rmi", "--force", image.sha256], 60)
