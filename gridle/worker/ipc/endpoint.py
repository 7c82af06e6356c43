"""Where the worker's local door is, and the token that opens it."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

SOCKET_NAME = "worker.sock"
PORT_NAME = "worker.port"
TOKEN_NAME = "worker.token"  # noqa: S105 - the name of a file, not a secret
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_TOKEN_BYTES = 32
_MAX_UNIX_PATH_BYTES = 100


def worker_home() -> Path:
    """Return the folder of the worker's own files: GRIDLE_WORKER_HOME, or the platform's."""
    chosen = os.environ.get("GRIDLE_WORKER_HOME")
    if chosen:
        return Path(chosen)
    import platformdirs  # noqa: PLC0415 - half a MB that a worker told where to live does without

    return Path(platformdirs.user_data_dir("gridle", False)) / "worker"  # noqa: FBT003 - no author folder


@dataclass(frozen=True)
class Endpoint:
    """The door of the worker whose files are in `home`."""

    home: Path

    @property
    def socket_path(self) -> Path:
        """The Unix socket; in the runtime folder where `home` is too deep for a socket name."""
        path = self.home / SOCKET_NAME
        if len(os.fsencode(path)) <= _MAX_UNIX_PATH_BYTES:
            return path
        import platformdirs  # noqa: PLC0415 - as above

        short = _short_name(self.home)
        return Path(platformdirs.user_runtime_dir("gridle", False)) / f"{short}.sock"  # noqa: FBT003 - no author folder

    @property
    def token_path(self) -> Path:
        """The owner-only file with the token."""
        return self.home / TOKEN_NAME

    @property
    def port_path(self) -> Path:
        """The file with the loopback TCP port, where there are no Unix sockets (Windows)."""
        return self.home / PORT_NAME

    def read_token(self) -> str:
        """Return the token.

        Raises:
            FileNotFoundError: no worker has ever run with this home.
        """
        return self.token_path.read_text("ascii", "replace").strip()

    def make_token(self) -> str:
        """Return the token, making it where there is none; only the owner can read its file.

        A damaged one is made anew: it guards a door that is shut now, and holds nothing to lose.
        """
        if not (self.token_path.exists() and _TOKEN.fullmatch(self.read_token())):
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self.token_path.with_suffix(".new")
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(_TOKEN_BYTES))
            draft.replace(self.token_path)
        return self.read_token()


def _short_name(home: Path) -> str:
    """Return a short name that two homes do not share."""
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
