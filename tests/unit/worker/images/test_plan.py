from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridle.worker.images.plan import END, Plan, choose, plan_archive, read_manifest
from gridle.worker.sandbox.image_archive import check_image_archive
from gridle.worker.sandbox.image_descriptions import Platform
from gridle.worker.sandbox.tar_listing import TarError
from tests.rigs.sandbox_archive import config_of, descriptor, digest, layer_tar, manifest_of

LAYERS = (layer_tar(b"one"), layer_tar(b"two" * 1000), layer_tar(b"one"))
CONFIG = config_of(*LAYERS)
IMAGE_SHA256 = digest(CONFIG).removeprefix("sha256:")


def plan() -> Plan:
    return plan_archive(read_manifest(manifest_of(CONFIG, *LAYERS), IMAGE_SHA256), CONFIG)


def test_the_planned_bytes_are_an_archive_of_the_image(tmp_path: Path) -> None:
    made = plan()
    contents = {digest(each).removeprefix("sha256:"): each for each in LAYERS}
    data = made.start
    for layer in made.layers:
        assert len(data) == layer.header_at
        data += layer.header
        assert len(data) == layer.content_at
        data += contents[layer.sha256] + layer.padding
        assert len(data) == layer.end_at
    data += END
    assert len(data) == made.size_bytes
    archive = tmp_path / "image.tar"
    archive.write_bytes(data)
    assert len(made.layers) == 2  # the repeated one lies there once
    assert check_image_archive(archive, IMAGE_SHA256) == len(LAYERS[0]) + len(LAYERS[1])


def test_an_image_without_layers_is_one() -> None:
    config = config_of()
    manifest = read_manifest(manifest_of(config), digest(config).removeprefix("sha256:"))
    made = plan_archive(manifest, config)
    assert made.size_bytes == len(made.start) + len(END)


def test_the_platform_decides_which_of_an_index() -> None:
    arm = {"os": "linux", "architecture": "arm64", "variant": "v8"}
    entries = [
        descriptor(b"1", "x", platform={"os": "unknown", "architecture": "unknown"}),
        descriptor(b"2", "x", platform=arm),
        descriptor(b"3", "x"),
    ]
    index = json.dumps({"manifests": entries}).encode()
    assert choose(index, Platform("linux", "arm64")) == digest(b"2").removeprefix("sha256:")
    with pytest.raises(TarError, match="no image for linux on riscv64"):
        choose(index, Platform("linux", "riscv64"))
    assert choose(manifest_of(CONFIG), Platform("linux", "arm64")) is None
