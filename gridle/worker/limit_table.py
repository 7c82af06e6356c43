"""The owner's limits as lines for a terminal. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from gridle.market.protocol.sentence import Sentence
from gridle.worker.limit_settings import said, settings_of
from gridle.worker.policy.limit_fields import (
    MICROS,
    Field,
    FieldKind,
    limit_fields,
    value_of,
    wanted_by,
)
from gridle.worker.policy.limits import Limits
from gridle.worker.state_words import amount

_HEADS: Final = (
    Sentence("key", "键"),
    Sentence("value", "值"),
    Sentence("unit", "单位"),
    Sentence("takes", "可取"),
    Sentence("usual", "通常"),
    Sentence("meaning", "含义"),
)
_GAP: Final = "  "
_SHOWN_CHARS: Final = 40


def setting_lines(limits: Limits) -> Iterator[str]:
    """Yield one `key=value` a field, as `--set` takes it."""
    for key, value in settings_of(limits).items():
        yield f"{key}={value}"


def explained_lines(limits: Limits, usual: Limits) -> Iterator[str]:
    """Yield a table of all fields: value, bounds, what is usual on this machine, and a sentence."""
    currency = limits.electricity.currency
    rows = [tuple(str(head) for head in _HEADS)]
    for field in limit_fields():
        now, usually = (value_of(each, field.key) for each in (limits, usual))
        rows.append(
            (
                field.key,
                _shown(field, now, currency),
                field.unit,
                _takes(field),
                _shown(field, usually, currency),
                _meaning(field),
            )
        )
    yield from _table(rows)


def _shown(field: Field, value: object, currency: str) -> str:
    text = said(field, value)
    if value == 0 and field.zero is not None:
        return f"{text} ({field.zero})"
    if field.is_money and isinstance(value, int):
        return f"{text} ({amount(value)} {currency}{field.unit.removeprefix(MICROS)})"
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"


def _takes(field: Field) -> str:
    if field.kind is FieldKind.NUMBER:
        return f"{field.least}-{field.most}"
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        return ", ".join(word for word, _ in field.choices)
    if field.kind is FieldKind.WORDS:
        names = Sentence(f"up to {field.most} names", f"最多 {field.most} 个名称")
        return str(names)
    return field.example if field.kind is FieldKind.TEXT else str(wanted_by(field)).strip()


def _meaning(field: Field) -> str:
    label, more = field.label, field.help
    if more is None:
        return str(label)
    return str(Sentence(f"{label.en}: {more.en}", f"{label.zh}：{more.zh}"))


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        )
        yield _GAP.join(cells).rstrip()


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
