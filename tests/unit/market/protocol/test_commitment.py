from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.commitment import commitment

DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(DIGESTS, DIGESTS, DIGESTS, DIGESTS)
def test_a_commitment_opens_for_its_own_result_salt_and_node_alone(
    result: str, salt: str, node: str, other: str
) -> None:
    made = commitment(result, salt, node)
    assert (commitment(other, salt, node) == made) == (other == result)
    assert (commitment(result, other, node) == made) == (other == salt)
    assert (commitment(result, salt, other) == made) == (other == node)
