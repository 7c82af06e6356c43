from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from gridle.market.service.store import blob_rows, database
from gridle.market.service.store.database import Database
from gridle.market.service.store.schema import metadata


def test_the_migrations_make_the_schema(tmp_path: Path) -> None:
    Database(tmp_path / "market.db").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'market.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()


def test_what_an_older_market_stored_is_never_removed(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'market.db'}")
    config = Config()
    folder = Path(database.__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO blobs VALUES ('aa', 5, 'key', 0.0)")
    engine.dispose()
    opened = Database(tmp_path / "market.db")
    with opened.write() as connection:
        blob_rows.mark_checkpoint(connection, "aa", "key", 1.0)
        assert blob_rows.unnamed(connection, 2.0, 2.0, 10) == []
        assert blob_rows.size_bytes(connection, "aa") == 5
    opened.close()
