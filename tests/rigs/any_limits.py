"""Any limits at all that their types allow, for property tests."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from gridle.worker.policy.limit_fields import Field, FieldKind, limit_fields, with_values
from gridle.worker.policy.limits import Limits, default_limits

_TEXTS = {
    "electricity.tariff": st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,20}\Z"),
    "electricity.currency": st.from_regex(r"\A[A-Z]{3}\Z"),
}
_DAY = st.text("#.", min_size=24, max_size=24)


def _any(field: Field) -> st.SearchStrategy[object]:
    if field.kind is FieldKind.TEXT:
        return _TEXTS[field.key]
    word = st.sampled_from([word for word, _ in field.choices] or [""])
    kinds: dict[FieldKind, st.SearchStrategy[object]] = {
        FieldKind.NUMBER: st.integers(field.least, field.most),
        FieldKind.SWITCH: st.booleans(),
        FieldKind.CHOICE: word,
        FieldKind.CHOICES: st.lists(word, unique=True).map(tuple),
        FieldKind.WORDS: st.lists(st.text(min_size=1, max_size=20), max_size=5).map(tuple),
        FieldKind.WEEK: st.tuples(*[_DAY] * 7),
    }
    return kinds[field.kind]


def _with(values: Mapping[str, object]) -> Limits:
    return with_values(default_limits(4, 2**33), values)


LIMITS: st.SearchStrategy[Limits] = st.fixed_dictionaries(
    {field.key: _any(field) for field in limit_fields()}
).map(_with)
