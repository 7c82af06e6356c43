from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.worker.sandbox.image_archive import check_image_archive
from tests.rigs.sandbox_archive import (
    IMAGE_SHA256,
    REF_NAME,
    docker_files,
    oci_files,
    write_files,
)

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
    manifest = next(
        name for name in files if name.startswith("blobs/") and b"config" in files[name]
    )
    with pytest.raises(InvalidInputError, match="damaged"):
        check(tmp_path, files | {manifest: files[manifest] + b" "})
    index = json.loads(files["index.json"])
    index["manifests"][0]["digest"] = f"sha256:{'0' * 64}"
    with pytest.raises(InvalidInputError, match="missing"):
        check(tmp_path, files | {"index.json": json.dumps(index).encode()})


def test_an_image_without_its_description_is_refused(tmp_path: Path) -> None:
    name = f"blobs/sha256/{IMAGE_SHA256}"
    files = oci_files()
    with pytest.raises(InvalidInputError, match="damaged"):
        check(tmp_path, files | {name: files[name] + b" "})
    del files[name]
    with pytest.raises(InvalidInputError, match="missing"):
        check(tmp_path, files)


def test_no_image_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no image"):
        check(tmp_path, {"readme": b"hello"})
    with pytest.raises(UnavailableError):
        check_image_archive(tmp_path / "absent.tar", IMAGE_SHA256)
