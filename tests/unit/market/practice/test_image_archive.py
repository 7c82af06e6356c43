from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from gridle.market.practice.image_archive import write_archive, write_layer


def _filesystem(mtime: int) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, kind in (("./usr", tarfile.DIRTYPE), ("./dev/null", tarfile.CHRTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.mtime = kind, mtime
            tar.addfile(member)
        for name in ("./usr/program", "./usr/manual"):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uname = 5, mtime, "somebody"
            tar.addfile(member, io.BytesIO(b"hello"))
        link = tarfile.TarInfo("./usr/same")
        link.type, link.linkname = tarfile.LNKTYPE, "./usr/program"
        tar.addfile(link)
    buffer.seek(0)
    return buffer


def _layer(folder: Path, name: str, mtime: int) -> tuple[Path, str]:
    layer = folder / name
    return layer, write_layer(_filesystem(mtime), layer, lambda path: path != "usr/manual")


def test_a_layer_holds_what_is_kept_and_no_devices(tmp_path: Path) -> None:
    layer, digest = _layer(tmp_path, "layer.tar", 1)
    with tarfile.open(layer) as tar:
        assert tar.getnames() == ["usr", "usr/program", "usr/same"]
        assert tar.getmember("usr/same").linkname == "usr/program"
        assert all(member.mtime == 0 and not member.uname for member in tar)
    assert digest == hashlib.sha256(layer.read_bytes()).hexdigest()


def test_times_do_not_change_the_image(tmp_path: Path) -> None:
    ids = [
        write_archive(*_layer(tmp_path, f"{mtime}.tar", mtime), "localhost/x:1", tmp_path / "image")
        for mtime in (1, 1_700_000_000)
    ]
    assert ids[0] == ids[1]


def test_the_image_id_is_the_digest_of_its_configuration(tmp_path: Path) -> None:
    layer, digest = _layer(tmp_path, "layer.tar", 1)
    image = write_archive(layer, digest, "localhost/x:1", tmp_path / "image.tar")
    with tarfile.open(tmp_path / "image.tar") as tar:
        manifest = json.load(tar.extractfile("manifest.json") or io.BytesIO())
        config = (tar.extractfile(manifest[0]["Config"]) or io.BytesIO()).read()
    assert manifest[0]["RepoTags"] == ["localhost/x:1"]
    assert hashlib.sha256(config).hexdigest() == image
    assert json.loads(config)["rootfs"]["diff_ids"] == [f"sha256:{digest}"]
