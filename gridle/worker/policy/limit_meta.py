"""What a field of the limits says about itself, as type metadata: sentences, unit, bounds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Meta

from gridle.market.protocol.sentence import Sentence


class Section(Enum):
    """Where a field stands in a form; the value is the section's title."""

    AWAY = Sentence("While I am away", "我离开时")
    IN_USE = Sentence("While I use it", "我使用时")
    PRESENCE = Sentence("Presence", "使用判断")
    TASKS = Sentence("What tasks may do", "任务权限")
    GUARDS = Sentence("Guards", "保护措施")
    NETWORK = Sentence("Network", "网络")
    ELECTRICITY = Sentence("Electricity", "电费")
    HOURS = Sentence("Hours", "时段")
    PROGRAMS = Sentence("Exclusive programs", "独占程序")


NO_LIMIT = Sentence("no limit", "不限")


def about(  # noqa: PLR0913 - all that can be said of a field, each by its name
    label: Sentence,
    *,
    unit: str = "",
    least: int | None = None,
    most: int | None = None,
    help: Sentence | None = None,  # noqa: A002 - the word that people know it by
    zero: Sentence | None = None,
    choices: Mapping[str, Sentence] | None = None,
    section: Section | None = None,
    example: str = "",
) -> Meta:
    """Return the metadata of a field.

    Args:
        label: the words beside the field in a form, without a full stop.
        unit: such as `%` or `MiB`; one that begins with `µ` is millionths of the owner's
            currency; empty for a choice.
        least: the smallest number that is taken.
        most: the largest number that is taken; for a field without `least`, the most entries.
        help: a whole sentence for those to whom the label is not enough.
        zero: what 0 stands for, where it is no amount.
        choices: the words for each value of a field with few values.
        section: where it stands in a form; a field inside a group stands where its group does.
        example: a value as a person would type it, where its kind does not tell.
    """
    schema = {"x-unit": unit, "x-title-zh": label.zh}
    if help is not None:
        schema["x-description-zh"] = help.zh
    extra = {
        "label": label,
        "help": help,
        "unit": unit,
        "zero": zero,
        "choices": choices or {},
        "section": section,
        "example": example,
    }
    words = help.en if help is not None else None
    if least is None and most is not None:
        return Meta(
            max_length=most,
            title=label.en,
            description=words,
            extra_json_schema=schema,
            extra=extra,
        )
    return Meta(
        ge=least,
        le=most,
        title=label.en,
        description=words,
        extra_json_schema=schema,
        extra=extra,
    )
