from __future__ import annotations

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.verifying import Signed
from gridle.market.service.errors import UnsignedError
from gridle.market.service.http.nonces import Nonces


def test_a_nonce_counts_once_for_each_key_until_its_signature_is_too_old() -> None:
    clock = [0.0]
    nonces = Nonces(lambda: clock[0])
    nonces.take(Signed("aa", "n"))
    nonces.take(Signed("bb", "n"))
    clock[0] = 125.0
    with pytest.raises(UnsignedError):
        nonces.take(Signed("aa", "n"))
    clock[0] = 140.0
    nonces.take(Signed("aa", "n"))


def test_a_full_memory_refuses_and_forgets_nothing() -> None:
    nonces = Nonces(lambda: 0.0, limit=1)
    nonces.take(Signed("aa", "1"))
    with pytest.raises(UnavailableError):
        nonces.take(Signed("aa", "2"))
    with pytest.raises(UnsignedError):
        nonces.take(Signed("aa", "1"))


def test_a_long_nonce_is_refused() -> None:
    with pytest.raises(UnsignedError):
        Nonces(lambda: 0.0).take(Signed("aa", "n" * 65))
