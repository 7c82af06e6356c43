from __future__ import annotations

import errno

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from gridle.market.service.errors import is_disk_full


def test_a_full_database_is_told_from_other_faults() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x BLOB)")
        connection.exec_driver_sql("PRAGMA max_page_count = 2")
        with pytest.raises(OperationalError) as full:
            connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(100000))")
        with pytest.raises(OperationalError) as other:
            connection.exec_driver_sql("SELECT * FROM nothing")
    engine.dispose()
    assert is_disk_full(full.value)
    assert not is_disk_full(other.value)


def test_a_full_disk_is_told_from_other_faults() -> None:
    assert is_disk_full(OSError(errno.ENOSPC, "No space left on device"))
    assert not is_disk_full(OSError(errno.EACCES, "Permission denied"))
    assert not is_disk_full(ValueError("disk is full"))
