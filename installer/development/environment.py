"""The Python environment in `.venv`, exactly as requirements.lock says."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

PIP_TIMEOUT_S = 1800


class Environment:
    """A virtual environment and the stamp that tells what was installed into it."""

    def __init__(self, root: Path, python: str) -> None:
        self._root = root
        self._python = python
        self.folder = root / ".venv"
        self._stamp = self.folder / "gridle-setup.stamp"

    @property
    def python(self) -> Path:
        """The environment's own interpreter."""
        return self.folder / "bin" / "python"

    def wanted(self) -> str:
        """Return the digest of all that decides what is installed, and for which checkout."""
        digest = hashlib.sha256(str(self._root).encode())
        for name in ("requirements.lock", "pyproject.toml"):
            digest.update((self._root / name).read_bytes())
        return digest.hexdigest()

    def is_ready(self) -> bool:
        """Tell whether the environment is whole and as wanted."""
        try:
            stamp = self._stamp.read_text("utf-8").strip()
        except OSError:
            return False
        return stamp == self.wanted() and self._works()

    def make(self) -> bool:
        """Bring the environment to what is wanted; returns False, with a sentence said, if not."""
        if not self._works() and not self._make_empty():
            return False
        self._stamp.unlink(missing_ok=True)
        print("Installing the locked Python packages into .venv (minutes the first time)…")
        pip = [str(self.python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        lock = self._root / "requirements.lock"
        locked = [*pip, "--require-hashes", "--no-deps", "-r", str(lock)]
        own = [*pip, "--no-deps", "--no-build-isolation", "--editable", str(self._root)]
        if not (self._run(locked) and self._run(own)):
            print(
                "The Python packages could not be installed; look at pip's message above, and at "
                "the network, and run this again."
            )
            return False
        draft = self._stamp.with_suffix(".draft")
        draft.write_text(self.wanted() + "\n", "utf-8")
        draft.replace(self._stamp)
        return True

    def _works(self) -> bool:
        """Tell whether the environment's interpreter starts and has its pip."""
        pip = list(self.folder.glob("lib/python3.*/site-packages/pip/__init__.py"))
        return bool(pip) and self._run([str(self.python), "-I", "-S", "-c", ""])

    def _make_empty(self) -> bool:
        print("Making the Python environment .venv…", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._run([self._python, "-m", "venv", str(self.folder)]):
            return True
        print(
            "The environment could not be made; install python3-venv (apt install python3-venv) "
            "and run this again."
        )
        return False

    def _run(self, command: list[str]) -> bool:
        try:
            done = subprocess.run(command, cwd=self._root, timeout=PIP_TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0
