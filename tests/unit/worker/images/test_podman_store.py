from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from gridle.worker.images.podman_store import PodmanStore, UnreadableStoreError
from tests.rigs.sandbox_archive import config_of, digest

LAYERS = (b"base", b"middle", b"top")
CONFIG = config_of(*LAYERS)
IMAGE_SHA256 = digest(CONFIG).removeprefix("sha256:")


class Store:
    """The files of a store, as Podman writes them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.images = [{"id": IMAGE_SHA256, "layer": "c", "names": ["x"]}]
        self.layers = [
            {"id": id_, "diff-digest": digest(layer), "parent": parent, "diff-size": 1}
            for id_, layer, parent in zip("abc", LAYERS, ["", "a", "b"], strict=True)
        ]
        self.config = CONFIG

    def holds(self) -> bool:
        folder = self.root / "overlay-images" / IMAGE_SHA256
        folder.mkdir(parents=True, exist_ok=True)
        name = base64.b64encode(f"sha256:{IMAGE_SHA256}".encode()).decode()
        (folder / f"={name}").write_bytes(self.config)
        (self.root / "overlay-images" / "images.json").write_text(json.dumps(self.images))
        (self.root / "overlay-layers").mkdir(exist_ok=True)
        (self.root / "overlay-layers" / "layers.json").write_text(json.dumps(self.layers))
        return PodmanStore(self.root, "overlay").holds(IMAGE_SHA256)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_an_image_whose_layers_are_its_configurations_is_held(store: Store) -> None:
    assert store.holds()


def test_another_layer_another_order_and_another_configuration_are_not(store: Store) -> None:
    store.layers[1]["diff-digest"] = digest(b"evil")
    assert not store.holds()
    store.layers[1]["diff-digest"] = digest(LAYERS[1])
    store.images[0]["layer"] = "b"
    assert not store.holds()
    store.images[0]["layer"] = "c"
    store.config = CONFIG + b" "
    assert not store.holds()


def test_a_stack_without_end_is_not(store: Store) -> None:
    store.layers[0]["parent"] = "c"
    assert not store.holds()


def test_what_is_not_recorded_cannot_be_told(store: Store) -> None:
    store.layers[0].pop("diff-digest")
    with pytest.raises(UnreadableStoreError):
        store.holds()
    del store.layers[0]
    with pytest.raises(UnreadableStoreError):
        store.holds()
    store.images.clear()
    with pytest.raises(UnreadableStoreError):
        store.holds()


def test_no_store_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableStoreError):
        PodmanStore(tmp_path / "absent", "overlay").holds(IMAGE_SHA256)
    store = Store(tmp_path)
    store.holds()
    (tmp_path / "overlay-layers" / "layers.json").write_text("[")
    with pytest.raises(UnreadableStoreError):
        PodmanStore(tmp_path, "overlay").holds(IMAGE_SHA256)
