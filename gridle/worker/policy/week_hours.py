"""The hours of a week as people write them: `mon-fri 22-6; sat,sun 0-24`. Pure.

Inside, a week is seven rows of 24 characters, Monday first: `#` may work, `.` may not. A span
whose end is not after its start goes on into the next day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.sentence import Sentence

DAY_NAMES: Final = (
    Sentence("Monday", "周一"),
    Sentence("Tuesday", "周二"),
    Sentence("Wednesday", "周三"),
    Sentence("Thursday", "周四"),
    Sentence("Friday", "周五"),
    Sentence("Saturday", "周六"),
    Sentence("Sunday", "周日"),
)
MAY: Final = "#"
MAY_NOT: Final = "."
DAYS: Final = 7
HOURS: Final = 24
NEVER: Final = "never"

_SHORT: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MAX_CHARS: Final = 1000
_LEAST_RANGE: Final = 3
"""Fewer days than this are named one by one."""

Span = tuple[int, int]
"""First hour and the hour after the last; a second that is not larger is the next day's."""


def parse_week(untrusted_text: str) -> tuple[str, ...]:
    """Return the seven rows that a text means; what it does not name may not work.

    Raises:
        InvalidInputError: it is not written so.
    """
    text = untrusted_text.strip().lower()
    if len(text) > _MAX_CHARS:
        raise _unclear(f"{text[:20]}…")
    week = [[MAY_NOT] * HOURS for _ in range(DAYS)]
    for part in (part.strip() for part in text.split(";")) if text != NEVER else ():
        days, separator, spans = part.partition(" ")
        if not separator:
            raise _unclear(part)
        for day in _days(days):
            for span in spans.replace(" ", "").split(","):
                _mark(week, day, _span(span))
    return tuple("".join(row) for row in week)


def week_text(week: Sequence[str], names: Sequence[str] = _SHORT) -> str:
    """Return the text that means these seven rows, days that are alike together.

    Only with the short names of days does `parse_week` take it again.
    """
    spans = [_runs(row) for row in week]
    for day in range(DAYS):
        _join_over_midnight(spans[day], spans[(day + 1) % DAYS])
    parts: dict[tuple[Span, ...], list[int]] = {}
    for day, each in enumerate(spans):
        if each:
            parts.setdefault(tuple(each), []).append(day)
    said = (
        f"{_days_text(days, names)} {','.join(f'{first}-{end}' for first, end in each)}"
        for each, days in parts.items()
    )
    return "; ".join(said) or NEVER


def _days(untrusted_text: str) -> Iterator[int]:
    for part in untrusted_text.split(","):
        first, separator, last = part.partition("-")
        if first not in _SHORT or (separator and last not in _SHORT):
            raise _unclear(part)
        begin = _SHORT.index(first)
        length = (_SHORT.index(last) - begin) % DAYS if separator else 0
        yield from ((begin + step) % DAYS for step in range(length + 1))


def _span(untrusted_text: str) -> Span:
    found = re.fullmatch(r"([0-9]{1,2})-([0-9]{1,2})", untrusted_text)
    first, end = (int(found[1]), int(found[2])) if found else (HOURS, HOURS)
    if first >= HOURS or end > HOURS or first == end:
        raise _unclear(untrusted_text)
    return first, end


def _mark(week: list[list[str]], day: int, span: Span) -> None:
    first, end = span
    if end > first:
        week[day][first:end] = MAY * (end - first)
    else:
        week[day][first:] = MAY * (HOURS - first)
        week[(day + 1) % DAYS][:end] = MAY * end


def _runs(row: str) -> list[Span]:
    return [found.span() for found in re.finditer(re.escape(MAY) + "+", row)]


def _join_over_midnight(evening: list[Span], morning: list[Span]) -> None:
    """Say a night as one span, where one span can say it."""
    if not evening or not morning:
        return
    (first, end), (early, late) = evening[-1], morning[0]
    if end == HOURS and early == 0 and late < first:
        evening[-1] = (first, late)
        del morning[0]


def _days_text(days: Sequence[int], names: Sequence[str]) -> str:
    groups: list[list[int]] = []
    for day in days:
        if groups and groups[-1][-1] == day - 1:
            groups[-1].append(day)
        else:
            groups.append([day])
    return ",".join(
        f"{names[group[0]]}-{names[group[-1]]}"
        if len(group) >= _LEAST_RANGE
        else ",".join(names[day] for day in group)
        for group in groups
    )


def _unclear(untrusted_part: str) -> InvalidInputError:
    return InvalidInputError(
        f"'{untrusted_part}' is no days and hours; write such as 'mon-fri 22-6; sat,sun 0-24'.",
        f"“{untrusted_part}” 不是有效的日期与小时；请写成 'mon-fri 22-6; sat,sun 0-24' 等形式。",
    )
