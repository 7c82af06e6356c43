"""Ed25519 identities of nodes and requestors (RFC 8032), worth nothing but their reputation."""

from __future__ import annotations

import os
from pathlib import Path

from nacl.signing import SigningKey

from gridle.market.protocol.errors import CorruptStateError
from gridle.market.protocol.ids import PublicKey

SEED_BYTES = 32


class Identity:
    """A signing key that shows only its public half."""

    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)

    @property
    def public_key(self) -> PublicKey:
        """The public key in hex, by which others know this identity."""
        return self._key.verify_key.encode().hex()

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of `message`."""
        return self._key.sign(message).signature

    def __repr__(self) -> str:
        return f"Identity({self.public_key})"


def load_identity(path: Path) -> Identity:
    """Read the identity at `path`, making a new one (owner-only file) where there is none.

    Raises:
        CorruptStateError: the file is there but is not a key; it is left as it is.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(os.urandom(SEED_BYTES).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    try:
        return Identity(bytes.fromhex(path.read_text("ascii").strip()))
    except ValueError as error:
        raise CorruptStateError(
            f"The key file {path} is damaged; restore it from a backup, or move it away to "
            "start with a new identity.",
            f"密钥文件 {path} 已损坏；请从备份恢复，或将其移走以启用新的身份。",
        ) from error
