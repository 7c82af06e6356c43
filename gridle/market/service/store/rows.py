"""Rows and the frozen dataclasses of the domain: same names, one for one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from sqlalchemy import Connection, Executable

T = TypeVar("T")


def one(connection: Connection, query: Executable, kind: type[T]) -> T | None:
    """Return the first row of a query as `kind`, or None."""
    row = connection.execute(query).mappings().first()
    return None if row is None else _make(kind, dict(row))


def many(connection: Connection, query: Executable, kind: type[T]) -> Sequence[T]:
    """Return every row of a query as `kind`."""
    return [_make(kind, dict(row)) for row in connection.execute(query).mappings()]


def values(thing: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass of the domain
    """Return a dataclass's fields as column values."""
    return {field.name: _plain(getattr(thing, field.name)) for field in dataclasses.fields(thing)}


def _plain(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else value


def _make(kind: type[T], row: dict[str, Any]) -> T:
    for name, hint in get_type_hints(kind).items():
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            row[name] = hint(row[name])
    return kind(**row)
