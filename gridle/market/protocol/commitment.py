"""Commit, then reveal: a node binds itself to a result before anybody can copy it.

After iExec's Proof of Contribution (PoCo): the commitment names the node, so that a copied
commitment cannot be opened by the copier.
"""

from __future__ import annotations

import hashlib

from gridle.market.protocol.ids import PublicKey, Sha256


def commitment(result_sha256: Sha256, salt: Sha256, node: PublicKey) -> Sha256:
    """Return the commitment to a result: SHA-256 of result ‖ salt ‖ node."""
    parts = bytes.fromhex(result_sha256) + bytes.fromhex(salt) + bytes.fromhex(node)
    return hashlib.sha256(parts).hexdigest()
