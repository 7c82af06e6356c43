"""Which saved states of running tasks the market gets, should this machine never return. Pure.

A state kept here survives a crash of the worker or the machine. One at the market survives the
machine, too, but costs an upload, so it goes seldom.
"""

from __future__ import annotations

AFTER_S = 600.0
"""So much work, in seconds on the task's cores, is worth an upload."""
LINE_SHARE = 0.05
"""At most so much of what the line bears is used for states of one task that runs all the time."""
UPLOAD_MAX_S = 300.0
"""A state that takes longer to send is not: it may not arrive in time, and is old when it does."""
HOME_LINE_BYTES_S = 2**20
"""What a line is taken to bear where its owner has set no limit."""


def is_worth_handing_on(
    new_work_s: float, size_bytes: int, upload_bytes_s: int | None = None
) -> bool:
    """Say whether a state goes to the market now.

    Args:
        new_work_s: what is in it and not in the one that went before, per core.
        size_bytes: of the state.
        upload_bytes_s: the owner's limit; None: there is none; 0: nothing may be sent now.
    """
    if upload_bytes_s == 0:
        return False
    upload_s = size_bytes / (upload_bytes_s or HOME_LINE_BYTES_S)
    return upload_s <= UPLOAD_MAX_S and new_work_s >= max(AFTER_S, upload_s / LINE_SHARE)
