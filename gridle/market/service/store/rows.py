"""Rows and the frozen dataclasses of the domain: same names, one for one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints

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
    for name, enum in _enums(cast("Any", kind)).items():
        row[name] = enum(row[name])
    return kind(**row)


@cache
def _enums(kind: type) -> dict[str, type[StrEnum]]:
    """Return a dataclass's fields that are enums; hints are slow to resolve, so once a class."""
    return {
        name: hint
        for name, hint in get_type_hints(kind).items()
        if isinstance(hint, type) and issubclass(hint, StrEnum)
    }
