"""A base image that is half made when its practice ends leaves no process, mount or file."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import psutil
import pytest

from gridle.market.practice.image_making import images_in_the_making
from gridle.resources_folder import resources_folder

DEADLINE_S = 30.0
POLL_S = 0.05


def _makers() -> list[psutil.Process]:
    """Return the processes that make images for this test."""
    family = psutil.Process().children(recursive=True)
    return [each for each in family if each.is_running() and each.name() == "mmdebstrap"]


@pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="needs mmdebstrap")
def test_what_is_half_made_goes_with_the_practice(tmp_path: Path) -> None:
    programs, drafts = tmp_path / "bin", tmp_path / "drafts"
    programs.mkdir()
    drafts.mkdir()
    (programs / "podman").write_text("#!/bin/sh\nexit 1\n")
    (programs / "podman").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TMPDIR": str(drafts)}
    with images_in_the_making(resources_folder() / "practice-jobs", environment):
        deadline = time.monotonic() + DEADLINE_S
        while not (_makers() and any(drafts.glob("*/mmdebstrap.*"))):
            assert time.monotonic() < deadline
            time.sleep(POLL_S)
        makers = _makers()
    _, alive = psutil.wait_procs(makers, timeout=5)
    assert not alive
    assert not list(drafts.iterdir())
    assert str(drafts) not in Path("/proc/self/mounts").read_text("utf-8")
