"""The market's own secp256k1 keys, each in an owner-only file, made on first start."""

from __future__ import annotations

import os
from pathlib import Path

from coincurve import PrivateKey

from gridle.market.protocol.errors import CorruptStateError


def load_key(path: Path) -> bytes:
    """Return the 32-byte private key in `path`, making a new one where there is none.

    Raises:
        CorruptStateError: the file is there but holds no key; it is left as it is.
    """
    if not path.exists():
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(PrivateKey().to_hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
        PrivateKey(key)
    except ValueError as error:
        raise CorruptStateError(
            f"The market's key file {path} is damaged and was left as it is; restore it from a "
            "backup, or move it away to start with a new key.",
            f"市场密钥文件 {path} 已损坏，未作任何改动；请从备份恢复，或将其移走以启用新密钥。",
        ) from error
    return key
