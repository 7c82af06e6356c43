"""The fields of the limits, as their types describe them, for whoever shows or sets them.

Command line, form and documentation walk these; there is no second list of fields anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import get_type_hints

import msgspec
from msgspec import Struct, inspect

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.limit_meta import Section
from gridle.worker.policy.limits import Limits

MICROS = "µ"
"""Begins the unit of an amount in millionths of the owner's currency."""
_SHOWN_CHARS = 80


class FieldKind(StrEnum):
    """What a field holds, and so how it is asked for."""

    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    """One of few words."""
    CHOICES = "choices"
    """Some of few words."""
    WORDS = "words"
    """A list of any words."""
    WEEK = "week"
    """Seven days of 24 hours."""
    TEXT = "text"


class Field(Struct, frozen=True):
    """One field of the limits."""

    key: str
    """Dotted, such as `while_away.cpu_percent`."""
    kind: FieldKind
    label: Sentence
    help: Sentence | None
    unit: str
    section: Section
    annotation: object
    """The field's own type, by which a value is checked."""
    default: object = None
    """What a settings file means that leaves it out; None where it may not."""
    least: int | None = None
    most: int | None = None
    """The largest number, or the most entries of a list."""
    zero: Sentence | None = None
    """What 0 stands for, where it is no amount."""
    choices: tuple[tuple[str, Sentence], ...] = ()
    example: str = ""

    @property
    def is_money(self) -> bool:
        """Whether the number is millionths of the owner's currency."""
        return self.unit.startswith(MICROS)

    def checked(self, untrusted_value: object) -> object:
        """Return a value that fits this field.

        Raises:
            InvalidInputError: it does not; the sentence says what would.
        """
        try:
            return msgspec.convert(untrusted_value, self.annotation)
        except msgspec.ValidationError as error:
            raise self.misfit(str(untrusted_value)) from error

    def misfit(self, untrusted_text: str) -> InvalidInputError:
        """Return the error for a value that does not fit, with what would and an example."""
        wanted = wanted_by(self)
        cut = untrusted_text[:_SHOWN_CHARS]
        such_as = Sentence("", "")
        if self.example:
            example = f"{self.key}={self.example}"
            such_as = Sentence(f", such as {example}", f"，例如 {example}")
        return InvalidInputError(
            f"'{cut}' does not fit {self.key}: write {wanted.en}{such_as.en}.",
            f"“{cut}” 不适用于 {self.key}：请写{wanted.zh}{such_as.zh}。",
        )


@cache
def limit_fields() -> tuple[Field, ...]:
    """Return every field of the limits, in the model's order."""
    return tuple(_walk(Limits, ""))


def value_of(limits: Limits, key: str) -> object:
    """Return the value at a field's dotted key."""
    value: object = limits
    for name in key.split("."):
        value = getattr(value, name)
    return value


def with_values(limits: Limits, untrusted_changes: Mapping[str, object]) -> Limits:
    """Return the limits with these values at their dotted keys; all others stay.

    Raises:
        InvalidInputError: a value does not fit its field.
    """
    fields = {field.key: field for field in limit_fields()}
    groups: dict[str, dict[str, object]] = {}
    for key, untrusted_value in untrusted_changes.items():
        outer, _, name = key.rpartition(".")
        groups.setdefault(outer, {})[name] = fields[key].checked(untrusted_value)
    changes = groups.pop("", {})
    for outer, inner in groups.items():
        changes[outer] = msgspec.structs.replace(getattr(limits, outer), **inner)
    return msgspec.structs.replace(limits, **changes)


def wanted_by(field: Field) -> Sentence:
    """Say what fits a field, as part of a sentence."""
    if field.kind is FieldKind.NUMBER:
        unit = f" {field.unit}" if field.unit else ""
        return Sentence(
            f"a whole number from {field.least} to {field.most}{unit}",
            f" {field.least} 到 {field.most}{unit} 的整数",
        )
    if field.kind is FieldKind.WORDS:
        return Sentence(
            f"up to {field.most} names of up to 255 characters, with commas",
            f"最多 {field.most} 个名称，每个不超过 255 个字符，以逗号分隔",
        )
    words = ", ".join(word for word, _ in field.choices)
    return {
        FieldKind.SWITCH: Sentence("true or false", " true 或 false"),
        FieldKind.CHOICE: Sentence(f"one of {words}", f"其中之一：{words}"),
        FieldKind.CHOICES: Sentence(f"some of {words}", f"其中若干项：{words}"),
        FieldKind.WEEK: Sentence("days and hours", "日期与小时"),
        FieldKind.TEXT: Sentence("a text of its form", "符合格式的文字"),
    }[field.kind]


def _walk(struct: type[Struct], prefix: str, section: Section | None = None) -> Iterator[Field]:
    hints = get_type_hints(struct, include_extras=True)
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)  # noqa: S101 - what a Struct is described by
    for each in described.fields:
        meta = each.type
        assert isinstance(meta, inspect.Metadata)  # noqa: S101 - every field says what it is about
        extra = meta.extra or {}
        place: Section | None = extra["section"] or section
        if isinstance(meta.type, inspect.StructType):
            yield from _walk(meta.type.cls, f"{prefix}{each.name}.", place)
            continue
        if place is None:
            raise TypeError(each.name)
        kind, least, most = _shape(meta.type, is_few=bool(extra["choices"]))
        default = None if each.default is msgspec.NODEFAULT else each.default
        yield Field(
            key=f"{prefix}{each.name}",
            kind=kind,
            label=extra["label"],
            help=extra["help"],
            unit=extra["unit"],
            section=place,
            annotation=hints[each.name],
            default=default,
            least=least,
            most=most,
            zero=extra["zero"],
            choices=tuple(extra["choices"].items()),
            example=extra["example"] or _example(kind, default, least),
        )


def _shape(kind: inspect.Type, *, is_few: bool) -> tuple[FieldKind, int | None, int | None]:
    """Return what a type holds, and its bounds."""
    match kind:
        case inspect.IntType(ge=least, le=most):
            return FieldKind.NUMBER, least, most
        case inspect.BoolType():
            return FieldKind.SWITCH, None, None
        case inspect.LiteralType():
            return FieldKind.CHOICE, None, None
        case inspect.VarTupleType(max_length=most):
            return FieldKind.CHOICES if is_few else FieldKind.WORDS, None, most
        case inspect.TupleType():
            return FieldKind.WEEK, None, None
        case inspect.StrType():
            return FieldKind.TEXT, None, None
    raise TypeError(kind)


def _example(kind: FieldKind, default: object, least: int | None) -> str:
    match kind:
        case FieldKind.NUMBER:
            return str(default or max(least or 0, 1))
        case FieldKind.SWITCH:
            return "true"
        case FieldKind.WORDS:
            return "blender,/opt/game/play"
        case FieldKind.WEEK:
            return '"mon-fri 22-6; sat,sun 0-24"'
        case _:
            return ",".join(default) if isinstance(default, tuple) else str(default or "")
