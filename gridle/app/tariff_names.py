"""The tariffs that Gridle brings along."""

from __future__ import annotations

from gridle.resources_folder import resources_folder


def tariff_names() -> tuple[str, ...]:
    """Return their names, in order."""
    return tuple(sorted(path.stem for path in (resources_folder() / "tariffs").glob("*.json")))
