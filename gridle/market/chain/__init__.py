"""The only door to an EVM: the hub, the relayer, wallets, RPC failover. web3 lives here alone."""

from __future__ import annotations

import sys

_recursion_limit = sys.getrecursionlimit()

import eth_account  # noqa: E402, F401 - loaded here so that what it changes can be put back

# Loading it raises the interpreter's recursion limit a hundredfold (for py_ecc's pairings, which
# nothing here computes). JSON nested that deep, from anybody, would then overflow the C stack and
# kill the process instead of being refused.
sys.setrecursionlimit(_recursion_limit)
