"""What a field of the limits says about itself: its sentence, unit and bounds, as type metadata."""

from __future__ import annotations

from msgspec import Meta

from gridle.market.protocol.sentence import Sentence


def about(
    label: Sentence, *, unit: str = "", least: int | None = None, most: int | None = None
) -> Meta:
    """Return the metadata of a field.

    Args:
        label: the words beside the field in a form, without a full stop.
        unit: such as `%` or `MiB`; empty for a choice.
        least: the smallest number that is taken.
        most: the largest number that is taken; for a field without `least`, the most entries.
    """
    schema = {"x-unit": unit, "x-title-zh": label.zh}
    extra = {"label": label, "unit": unit}
    if least is None and most is not None:
        return Meta(max_length=most, title=label.en, extra_json_schema=schema, extra=extra)
    return Meta(ge=least, le=most, title=label.en, extra_json_schema=schema, extra=extra)
