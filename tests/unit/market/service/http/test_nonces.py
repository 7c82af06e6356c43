from __future__ import annotations

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.verifying import Signed
from gridle.market.service.errors import UnsignedError
from gridle.market.service.http.nonces import Nonces


def test_a_nonce_counts_once_for_each_key_until_its_signature_is_too_old() -> None:
    clock = [0.0]
    nonces = Nonces(lambda: clock[0], 1000)
    nonces.take(Signed("aa", "n", 1000))
    nonces.take(Signed("bb", "n", 1000))
    clock[0] = 125.0
    with pytest.raises(UnsignedError):
        nonces.take(Signed("aa", "n", 1000))
    clock[0] = 140.0
    nonces.take(Signed("aa", "n", 1000))


def test_a_full_memory_refuses_and_forgets_nothing() -> None:
    nonces = Nonces(lambda: 0.0, 1000, limit=1)
    nonces.take(Signed("aa", "1", 1000))
    with pytest.raises(UnavailableError):
        nonces.take(Signed("aa", "2", 1000))
    with pytest.raises(UnsignedError):
        nonces.take(Signed("aa", "1", 1000))


def test_a_long_nonce_is_refused() -> None:
    with pytest.raises(UnsignedError):
        Nonces(lambda: 0.0, 1000).take(Signed("aa", "n" * 65, 1000))


def test_what_was_signed_before_a_restart_is_to_be_signed_again() -> None:
    with pytest.raises(UnavailableError):
        Nonces(lambda: 0.0, 1001).take(Signed("aa", "n", 1000))
