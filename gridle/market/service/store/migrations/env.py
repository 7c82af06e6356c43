"""Alembic's entry: migrate on the connection that the database hands over."""

from __future__ import annotations

from alembic import context

from gridle.market.service.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
