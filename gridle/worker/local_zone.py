"""The owner's time zone, with its changes of clocks, as this machine is set now."""

from __future__ import annotations

import os
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LOCALTIME = Path("/etc/localtime")
"""A zone's rules, as tzset(3) reads them."""


class LocalZone:
    """Call it for the zone; it is read again only once the machine's setting changes."""

    def __init__(self, localtime: Path = _LOCALTIME) -> None:
        self._localtime = localtime
        self._setting: tuple[str | None, int] | None = None
        self._zone: tzinfo = UTC

    def __call__(self) -> tzinfo:
        """Return the zone; where only the offset of now is known, a zone of that."""
        setting = (os.environ.get("TZ"), self._changed_ns())
        if setting != self._setting:
            self._setting = setting
            self._zone = self._read(setting[0])
        return self._zone

    def _changed_ns(self) -> int:
        try:
            return self._localtime.stat().st_mtime_ns
        except OSError:
            return 0

    def _read(self, name: str | None) -> tzinfo:
        try:
            if name:
                return ZoneInfo(name.removeprefix(":"))
            with self._localtime.open("rb") as file:
                return ZoneInfo.from_file(file)
        except (OSError, ValueError, ZoneInfoNotFoundError):
            return datetime.now(UTC).astimezone().tzinfo or UTC
