"""eth_getLogs: which logs of a range of blocks a filter asks for."""

from __future__ import annotations

from collections.abc import Callable

from eth_utils.exceptions import ValidationError

from gridle.market.practice.chain_evm import PracticeChain
from gridle.market.practice.chain_shapes import Json, logs_json
from gridle.market.protocol.keccak import keccak256

MAX_BLOCKS = 100_000


def matching_logs(
    chain: PracticeChain, number_of: Callable[[str], int], untrusted_filter: Json
) -> list[Json]:
    """Return the logs that a filter object matches, oldest first.

    Args:
        chain: where to look.
        number_of: turns a block tag into a block number.
        untrusted_filter: `fromBlock`, `toBlock`, `address`, `topics` as JSON-RPC has them.

    Raises:
        ValidationError: the range is too long.
    """
    first = number_of(untrusted_filter.get("fromBlock") or "latest")
    last = min(number_of(untrusted_filter.get("toBlock") or "latest"), number_of("latest"))
    if last - first > MAX_BLOCKS:
        raise ValidationError(f"query returns more than {MAX_BLOCKS} blocks")
    addresses = _any_of(untrusted_filter.get("address"))
    topics = [_any_of(topic) for topic in untrusted_filter.get("topics") or []]
    found: list[Json] = []
    for number in range(first, last + 1):
        header = chain.header(number)
        if header is None or not _may_match(header.bloom, [addresses, *topics]):
            continue
        for transaction in chain.block(header).transactions:
            mined = chain.find(transaction.hash)
            logs = logs_json(mined) if mined else []
            found.extend(log for log in logs if _matches(log, addresses, topics))
    return found


def _any_of(untrusted_choice: str | list[str] | None) -> set[str]:
    """Return the values of which one must be there; none means that any will do."""
    if untrusted_choice is None:
        return set()
    choices = [untrusted_choice] if isinstance(untrusted_choice, str) else untrusted_choice
    return {choice.lower() for choice in choices}


def _may_match(bloom: int, wanted: list[set[str]]) -> bool:
    return all(
        not choices or any(bloom & bits == bits for bits in map(_bloom_bits, choices))
        for choices in wanted
    )


def _bloom_bits(value: str) -> int:
    # Yellow Paper, 4.3.1: three bits, each named by 11 bits of the value's digest.
    digest = keccak256(bytes.fromhex(value[2:]))
    bits = 0
    for place in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[place : place + 2], "big") % 2048)
    return bits


def _matches(log: Json, addresses: set[str], topics: list[set[str]]) -> bool:
    if addresses and log["address"] not in addresses:
        return False
    if len(topics) > len(log["topics"]):
        return False
    return all(
        not choices or topic in choices
        for choices, topic in zip(topics, log["topics"], strict=False)
    )
