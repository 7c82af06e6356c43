"""`key=value` settings of limits, as the command line takes and shows them. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

import msgspec

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.policy.limit_fields import (
    Field,
    FieldKind,
    limit_fields,
    value_of,
    with_values,
)
from gridle.worker.policy.limits import Limits
from gridle.worker.policy.week_hours import parse_week, week_text

_TRUE: Final = ("true", "yes", "on", "1")
_FALSE: Final = ("false", "no", "off", "0")


def settings_of(limits: Limits) -> dict[str, str]:
    """Return each dotted key with its value as `changed` takes it."""
    return {field.key: said(field, value_of(limits, field.key)) for field in limit_fields()}


def changed(limits: Limits, untrusted_settings: Sequence[str]) -> Limits:
    """Return the limits with these `key=value` settings made.

    Raises:
        InvalidInputError: an unknown key, or a value that does not fit it.
    """
    fields = {field.key: field for field in limit_fields()}
    changes: dict[str, object] = {}
    for setting in untrusted_settings:
        key, separator, text = setting.partition("=")
        if not separator or key not in fields:
            raise _unknown(setting, key, tuple(fields))
        changes[key] = meant(fields[key], text)
    return with_values(limits, changes)


def meant(field: Field, untrusted_text: str) -> object:
    """Return the value that a text means, which may still be out of the field's bounds.

    Raises:
        InvalidInputError: it is not of the field's kind.
    """
    text = untrusted_text.strip()
    match field.kind:
        case FieldKind.NUMBER:
            try:
                return int(text.removesuffix(field.unit).rstrip())
            except ValueError as error:
                raise field.misfit(untrusted_text) from error
        case FieldKind.SWITCH:
            if text.lower() not in _TRUE + _FALSE:
                raise field.misfit(untrusted_text)
            return text.lower() in _TRUE
        case FieldKind.WORDS | FieldKind.CHOICES:
            return _words(field, text)
        case FieldKind.WEEK:
            try:
                return parse_week(text)
            except InvalidInputError as error:
                raise field.misfit(untrusted_text) from error
        case FieldKind.CHOICE | FieldKind.TEXT:
            return text


def said(field: Field, value: object) -> str:
    """Return a value as a person writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return week_text(value) if field.kind is FieldKind.WEEK else _row(value)
    return str(value)


def _row(words: Sequence[str]) -> str:
    """Return a list with commas, or as JSON where that would not be the same list again."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(words)
    row = text.getvalue() if words else ""
    is_safe = row.isprintable() and all(word == word.strip() for word in words)
    return row if is_safe and not row.startswith("[") else msgspec.json.encode(words).decode()


def _words(field: Field, untrusted_text: str) -> tuple[object, ...]:
    try:
        if untrusted_text.startswith("["):
            return tuple(msgspec.json.decode(untrusted_text, type=list[str]))
        rows = list(csv.reader([untrusted_text], skipinitialspace=True, strict=True))
    except (msgspec.DecodeError, csv.Error) as error:
        raise field.misfit(untrusted_text) from error
    return tuple(word.strip() for row in rows for word in row if word.strip())


def _unknown(untrusted_setting: str, untrusted_key: str, keys: Sequence[str]) -> InvalidInputError:
    near = get_close_matches(untrusted_key, keys, n=3, cutoff=0.5)
    near = near or [key for key in keys if untrusted_key and untrusted_key in key][:3]
    meant_en = f" Did you mean {', '.join(near)}?" if near else ""
    meant_zh = f"您是否想写 {', '.join(near)}？" if near else ""
    return InvalidInputError(
        f"'{untrusted_setting}' is no limit; write key=value, such as while_away.cpu_percent=50."
        f"{meant_en} `gridle worker limits --explain` lists all keys.",
        f"“{untrusted_setting}” 不是有效的限制；请写成 key=value，例如 while_away.cpu_percent=50。"
        f"{meant_zh}用 `gridle worker limits --explain` 可列出所有键。",
    )
