"""SHA-256 without hashlib, whose import loads OpenSSL."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # Python 3.12 and later
    except ImportError:
        from _sha256 import sha256

__all__ = ["file_sha256", "sha256"]

_WORTH_OPENSSL_BYTES = 2**20


def file_sha256(content: bytes) -> str:
    """Return the digest of a file's content in hexadecimal; OpenSSL's is faster if it is large."""
    if len(content) < _WORTH_OPENSSL_BYTES:
        return sha256(content).hexdigest()
    import hashlib  # noqa: PLC0415 - see above

    return hashlib.sha256(content).hexdigest()
