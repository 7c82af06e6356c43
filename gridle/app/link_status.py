"""Whether the worker can be heard."""

from __future__ import annotations

from enum import StrEnum


class LinkStatus(StrEnum):
    """The app's connection to the worker."""

    SEARCHING = "searching"
    CONNECTED = "connected"
    ABSENT = "absent"
    REFUSED = "refused"
