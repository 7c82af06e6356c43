"""The chain's disk holds whole blocks, and refuses what it cannot make sense of."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gridle.market.practice.chain_store import ChainStore
from gridle.market.protocol.errors import CorruptStateError, RefusedError


def test_keeps_what_a_block_wrote(tmp_path: Path) -> None:
    store = ChainStore(tmp_path / "chain.sqlite")
    assert store.is_empty()
    with store.block():
        store[b"a"] = b"1"
        store[b"b"] = b"2"
        del store[b"b"]
    store.close()
    store = ChainStore(tmp_path / "chain.sqlite")
    assert store[b"a"] == b"1"
    assert b"b" not in store
    assert not store.is_empty()
    with pytest.raises(KeyError), store.block():
        del store[b"b"]
    store.close()


def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = ChainStore(tmp_path / "chain.sqlite")

    def write_half() -> None:
        with store.block():
            store[b"a"] = b"1"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert b"a" not in store
    store.close()


def test_one_at_a_time(tmp_path: Path) -> None:
    store = ChainStore(tmp_path / "chain.sqlite")
    with pytest.raises(RefusedError, match="already running"):
        ChainStore(tmp_path / "chain.sqlite")
    store.close()


def test_a_store_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "chain.sqlite"
    ChainStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(CorruptStateError):
        ChainStore(path)
    assert path.read_bytes() == before
