from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from gridle.market.service.store.database import Database
from gridle.market.service.store.schema import metadata


def test_the_migrations_make_the_schema(tmp_path: Path) -> None:
    Database(tmp_path / "market.db").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'market.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()
