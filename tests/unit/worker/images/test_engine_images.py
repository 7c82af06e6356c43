from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.manifest import ContainerRuntime
from gridle.market.protocol.sentence import Sentence
from gridle.worker.images.engine_images import EngineImages, StoredImage
from gridle.worker.images.store import ImageStore
from gridle.worker.sandbox.engine import Engine, Reply
from tests.rigs.sandbox_archive import IMAGE_SHA256, docker_files, write_files

PODMAN = Engine(
    "podman", "4.3.1", None, Sentence("", ""), rootless=False, has_cpu_controller=True,
    has_cpuset_controller=True, cgroup_parent=None, nofile_ceiling=1024,
    nproc_ceiling=1024,
)  # fmt: skip
RUNTIME = ContainerRuntime(IMAGE_SHA256, ("/x",), "a" * 64)


LOADED = Reply(0, "", "")


@dataclass
class Remote:
    """A Podman whose store is on another machine."""

    facts: list[Reply]
    load: Reply = LOADED
    said: list[str] = field(default_factory=list)

    def __call__(self, argv: list[str], timeout_s: float) -> Reply:
        assert timeout_s > 0
        self.said.append(argv[1])
        if argv[1] == "image":
            return self.facts.pop(0)
        return {"info": Reply(0, "true\noverlay\n/store\n", ""), "load": self.load}[argv[1]]


PRESENT = Reply(0, f"sha256:{IMAGE_SHA256}\n5\nnull\nnull\n", "")
ABSENT = Reply(125, "", "no such image")


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (PRESENT, StoredImage(5, is_named=False)),
        (Reply(0, f'{IMAGE_SHA256}\n7\n["x:y"]\n{{}}\n', ""), StoredImage(7, is_named=True)),
        (Reply(0, f"{'0' * 64}\n7\n[]\nnull\n", ""), None),
        (
            Reply(0, f'{IMAGE_SHA256}\n7\n[]\n{{"run.oci.hooks.stdout": "/x"}}\n', ""),
            StoredImage(7, is_named=False, instructions=("run.oci.hooks.stdout",)),
        ),
        (Reply(0, "what?", ""), None),
        (Reply(0, f"{IMAGE_SHA256}\nx\n[]", ""), None),
        (ABSENT, None),
    ],
)
def test_an_engine_says_what_it_has(reply: Reply, found: StoredImage | None) -> None:
    assert EngineImages(Remote([reply])).find(PODMAN, IMAGE_SHA256) == found


def test_what_cannot_be_proven_is_loaded_again_and_the_engine_decides(tmp_path: Path) -> None:
    archive = write_files(tmp_path / "image.tar", docker_files())
    remote = Remote([PRESENT, PRESENT, PRESENT])
    ImageStore(remote, None).prepare(PODMAN, RUNTIME, lambda _: archive)
    assert "load" in remote.said
    poisoned = Remote([PRESENT, PRESENT], Reply(125, "", "that ID is already in use"))
    with pytest.raises(UnavailableError, match="already in use"):
        ImageStore(poisoned, None).prepare(PODMAN, RUNTIME, lambda _: archive)


def test_what_cannot_be_proven_nor_loaded_is_not_run() -> None:
    unproven = ContainerRuntime(IMAGE_SHA256, ("/x",))
    with pytest.raises(UnavailableError, match="brings no archive"):
        ImageStore(Remote([PRESENT]), None).prepare(PODMAN, unproven, lambda _: Path("/nowhere"))
