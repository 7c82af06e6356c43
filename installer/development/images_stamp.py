"""Remembers that the practice jobs' images were made, so that the next set-up need not ask."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path


class ImagesStamp:
    """Fresh while the recipes, the builder and the engine's list of images are as they were."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = root / "build" / "images.stamp"

    def is_fresh(self) -> bool:
        """Tell whether nothing changed since the images were made."""
        try:
            return self._file.read_text("utf-8") == self._state()
        except OSError:
            return False

    def write(self) -> None:
        """Remember the state of now."""
        draft = self._file.with_suffix(".draft")
        draft.write_text(self._state(), "utf-8")
        draft.replace(self._file)

    def _state(self) -> str:
        digest = hashlib.sha256()
        recipes = sorted(self._root.glob("resources/practice-jobs/*/packages.txt"))
        builders = sorted(self._root.glob("gridle/market/practice/image*.py"))
        for file in [*recipes, *builders]:
            digest.update(file.read_bytes())
        digest.update(self._kept_images())
        return digest.hexdigest()

    @staticmethod
    def _kept_images() -> bytes:
        command = ["podman", "images", "--format", "{{.Repository}} {{.Tag}} {{.Id}}"]
        try:
            listed = subprocess.run(command, capture_output=True, timeout=30, check=False).stdout
        except (OSError, subprocess.TimeoutExpired):
            return b""
        return b"\n".join(
            sorted(line for line in listed.splitlines() if b"/gridle-practice" in line)
        )
