"""One benchmark row, and the table that `make bench` prints and keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, to_builtins


class Row(Struct, frozen=True):
    """A measured figure, its limit, and the same measured on a peer in the same run."""

    name: str
    value: float | None
    """None where it could not be measured; `peer` then says why."""
    unit: str
    target: str
    peer: str
    peer_value: float | None = None


def render(rows: Sequence[Row]) -> str:
    """Return the table as text with aligned columns."""
    cells = [("name", "value", "unit", "target", "peer", "peer value")]
    cells += [
        (r.name, _figure(r.value), r.unit, r.target, r.peer, _figure(r.peer_value)) for r in rows
    ]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as JSON, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(to_builtins(list(rows)), indent=1) + "\n")
    draft.replace(path)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
