"""The one control group above all tasks' groups, idle as a whole.

The scheduler weighs a group against those beside it alone. So a task's idle group deep below one
of normal weight would compete with the owner's programs as an equal; and each idle group that
stands beside them by itself can take a tick (4 ms at 250 Hz) from a program that runs for longer
than its slice: two of them made a frame loop miss its slots several times as often as one group
with both inside.
"""

from __future__ import annotations

from pathlib import Path

PLAIN_NAME = "gridle"
SLICE_NAME = "gridle.slice"
"""Where systemd makes the engine's groups, it takes slices alone."""


def common_group(group: Path) -> Path | None:
    """Return the group above `group` that all tasks have in common; None where there is none."""
    names = (PLAIN_NAME, SLICE_NAME)
    return next((above for above in group.parents if above.name in names), None)
