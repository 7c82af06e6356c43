"""`key=value` settings of limits, as the command line takes them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.policy.limits import Limits


def flat(limits: Limits) -> dict[str, object]:
    """Return limits as dotted keys, such as `while_away.cpu_percent`."""
    found: dict[str, object] = {}
    for key, value in msgspec.to_builtins(limits).items():
        if isinstance(value, dict):
            found.update({f"{key}.{inner}": each for inner, each in value.items()})
        else:
            found[key] = value
    return found


def changed(limits: Limits, untrusted_settings: Sequence[str]) -> Limits:
    """Return the limits with these `key=value` settings made.

    Raises:
        InvalidInputError: an unknown key, or a value that does not fit it.
    """
    values = flat(limits)
    for setting in untrusted_settings:
        key, separator, text = setting.partition("=")
        if not separator or key not in values:
            keys = ", ".join(values)
            raise InvalidInputError(
                f"'{setting}' is no limit; write key=value with one of: {keys}.",
                f"“{setting}” 不是有效的限制；请写 key=value，可用的键：{keys}。",
            )
        values[key] = _value(text, values[key])
    nested: dict[str, object] = {}
    for key, value in values.items():
        outer, _, inner = key.partition(".")
        if inner:
            group = nested.setdefault(outer, {})
            if isinstance(group, dict):
                group[inner] = value
        else:
            nested[key] = value
    try:
        return msgspec.convert(nested, Limits, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInputError(
            f"These limits do not fit: {error}.", f"这些限制值无效：{error}。"
        ) from error


def _value(untrusted_text: str, current: object) -> object:
    """Return a list as the list that its JSON says; anything else is converted by its type."""
    if not isinstance(current, (list, tuple)):
        return untrusted_text
    try:
        return msgspec.json.decode(untrusted_text)
    except msgspec.DecodeError:
        return untrusted_text
