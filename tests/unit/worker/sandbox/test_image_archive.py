from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.worker.sandbox import image_archive
from gridle.worker.sandbox.image_archive import check_image_archive
from tests.rigs.sandbox_archive import (
    CONFIG,
    IMAGE_SHA256,
    INDEX_TYPE,
    LAYER,
    LAYER_TYPE,
    MANIFEST_TYPE,
    REF_NAME,
    blob_name,
    descriptor,
    digest,
    docker_files,
    layer_tar,
    manifest_of,
    oci_files,
    write_files,
)

EVIL = layer_tar(b"evil!")
OWN_NAME = {REF_NAME: f"sha256:{IMAGE_SHA256}"}


def check(tmp_path: Path, files: dict[str, bytes]) -> None:
    check_image_archive(write_files(tmp_path / "image.tar", files), IMAGE_SHA256)


@pytest.mark.parametrize(
    "files",
    [
        docker_files(),
        docker_files(tags=[]),
        oci_files(),
        oci_files(OWN_NAME),
        docker_files() | oci_files(OWN_NAME),
    ],
    ids=["docker", "docker-empty-tags", "oci", "oci-by-digest", "both"],
)
def test_an_image_without_names_passes(tmp_path: Path, files: dict[str, bytes]) -> None:
    check(tmp_path, files)


@pytest.mark.parametrize(
    "files",
    [
        docker_files(tags=["docker.io/library/debian:latest"]),
        docker_files() | {"repositories": b'{"debian": {"latest": "x"}}'},
        oci_files({REF_NAME: "docker.io/library/debian:latest"}),
        oci_files({REF_NAME: f"sha256:{'0' * 64}"}),
        oci_files(OWN_NAME | {"io.containerd.image.name": "debian:latest"}),
        docker_files() | oci_files({REF_NAME: "latest"}),
        docker_files(tags=["debian"]) | oci_files(),
    ],
    ids=["tag", "repositories", "ref", "other-digest", "containerd", "both-oci", "both-docker"],
)
def test_names_are_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(InvalidInputError, match="brings names"):
        check(tmp_path, files)


@pytest.mark.parametrize(
    "manifest",
    [
        '[{"Config": "%s.json", "RepoTags": null, "repotags": ["debian:latest"]}]',
        '[{"Config": "%s.json", "RepoTags": ["debian:latest"], "RepoTags": null}]',
        '[{"Config": "%s.json", "RepoTags": "debian:latest"}]',
        '[{"Config": "%s.json"}, {"Config": "x", "RepoTags": ["debian:latest"]}]',
        '{"Config": "%s.json"}',
        "[]",
        "[" * 100_000,
        "not json",
    ],
    ids=["case", "twice", "no-list", "two", "no-array", "none", "deep", "text"],
)
def test_no_second_reading_is_possible(tmp_path: Path, manifest: str) -> None:
    text = manifest.replace("%s", IMAGE_SHA256)
    with pytest.raises(InvalidInputError, match="refused"):
        check(tmp_path, docker_files() | {"manifest.json": text.encode()})


def test_another_image_is_refused_before_loading(tmp_path: Path) -> None:
    for files in (docker_files(), oci_files()):
        archive = write_files(tmp_path / "image.tar", files)
        with pytest.raises(InvalidInputError, match="another image"):
            check_image_archive(archive, "0" * 64)


def test_a_changed_part_is_refused(tmp_path: Path) -> None:
    files = oci_files()
    manifest = blob_name(manifest_of(CONFIG, LAYER))
    with pytest.raises(InvalidInputError, match="damaged"):
        check(tmp_path, files | {manifest: files[manifest] + b" "})
    index = json.loads(files["index.json"])
    index["manifests"][0]["digest"] = f"sha256:{'0' * 64}"
    with pytest.raises(InvalidInputError, match="missing"):
        check(tmp_path, files | {"index.json": json.dumps(index).encode()})


@pytest.mark.parametrize(
    "files",
    [
        docker_files(layer=EVIL),
        docker_files(layer=gzip.compress(EVIL)),
        oci_files(None, manifest_of(CONFIG, EVIL), EVIL),
        docker_files() | oci_files(None, manifest_of(CONFIG, EVIL), EVIL),
        oci_files(None, manifest_of(CONFIG, LAYER, EVIL), LAYER, EVIL),
        oci_files(None, manifest_of(CONFIG)),
    ],
    ids=["docker", "docker-gzip", "oci", "both", "one-more", "none"],
)
def test_a_strangers_layers_under_a_known_images_id_are_refused(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    with pytest.raises(InvalidInputError, match="other layers"):
        check(tmp_path, files)


def test_layers_may_be_gzipped_and_the_size_is_what_they_unpack_to(tmp_path: Path) -> None:
    packed = gzip.compress(LAYER)
    manifest = manifest_of(CONFIG, packed, media_type=f"{LAYER_TYPE}+gzip")
    for files in (docker_files(layer=packed), oci_files(None, manifest, packed)):
        archive = write_files(tmp_path / "image.tar", files)
        assert check_image_archive(archive, IMAGE_SHA256) == len(LAYER)


def test_a_layer_that_is_not_the_one_its_manifest_names_is_damage(tmp_path: Path) -> None:
    files = oci_files() | {blob_name(LAYER): gzip.compress(LAYER)}
    with pytest.raises(InvalidInputError, match="damaged"):
        check(tmp_path, files)


def test_what_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_archive, "MAX_UNPACKED_BYTES", len(LAYER) - 1)
    with pytest.raises(InvalidInputError, match="unpacks to more"):
        check(tmp_path, docker_files(layer=gzip.compress(LAYER)))


def with_manifest(**changes: object) -> dict[str, bytes]:
    manifest = json.loads(manifest_of(CONFIG, LAYER)) | changes
    return oci_files(None, json.dumps(manifest).encode(), LAYER)


def with_index(**changes: object) -> dict[str, bytes]:
    files = oci_files()
    return files | {"index.json": json.dumps(json.loads(files["index.json"]) | changes).encode()}


@pytest.mark.parametrize(
    "files",
    [
        with_manifest(layers=[descriptor(LAYER, LAYER_TYPE, urls=["http://10.0.0.1/layer"])]),
        with_manifest(layers=[descriptor(LAYER, f"{LAYER_TYPE}+zstd")]),
        with_manifest(layers=[descriptor(LAYER, LAYER_TYPE)] * 129),
        with_manifest(config=descriptor(CONFIG, "application/vnd.oci.empty.v1+json")),
        with_manifest(manifests=[]),
        with_manifest(mediaType="application/vnd.oci.image.index.v1+json"),
        with_index(layers=[]),
        with_index(mediaType=MANIFEST_TYPE),
        with_index(manifests=[descriptor(manifest_of(CONFIG, LAYER), INDEX_TYPE)]),
        with_index(manifests=[{"digest": digest(manifest_of(CONFIG, LAYER))}]),
        with_index(manifests=[descriptor(b"", MANIFEST_TYPE) | {"digest": "sha256:../../x"}]),
    ],
    ids=[
        "urls", "zstd", "layers", "no-image", "two-kinds", "index", "index-layers",
        "index-type", "nested", "no-type", "path",
    ],
)  # fmt: skip
def test_what_an_engine_could_take_for_something_else_is_refused(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    with pytest.raises(InvalidInputError, match="refused"):
        check(tmp_path, files)


@pytest.mark.parametrize(
    "more",
    [
        {"Parent": f"sha256:{'0' * 64}"},
        {"LayerSources": {digest(LAYER): descriptor(LAYER, LAYER_TYPE, urls=["http://x/"])}},
    ],
    ids=["parent", "sources"],
)
def test_an_archive_stands_by_itself(tmp_path: Path, more: dict[str, object]) -> None:
    files = docker_files()
    entry = json.loads(files["manifest.json"])[0] | more
    with pytest.raises(InvalidInputError, match="not in it"):
        check(tmp_path, files | {"manifest.json": json.dumps([entry]).encode()})


def test_no_image_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no image"):
        check(tmp_path, {"readme": b"hello"})
    with pytest.raises(UnavailableError):
        check_image_archive(tmp_path / "absent.tar", IMAGE_SHA256)
