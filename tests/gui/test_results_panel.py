"""Results appear as their files do, and a broken picture breaks nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from gridle.app.results_panel import ResultsPanel
from tests.gui.conftest import Until


def _write(practice: Path, name: str, image: str | None, done: int) -> Path:
    folder = practice / "results" / name
    folder.mkdir(parents=True, exist_ok=True)
    summary = {
        "title": name,
        "headline": "What came out",
        "image": image,
        "table": [["measure", "value"], ["loss", 0.125]],
        "tasks_done": done,
        "tasks_total": 8,
    }
    draft = folder / "summary.json.draft"
    draft.write_text(json.dumps(summary))
    draft.replace(folder / "summary.json")
    return folder


@pytest.mark.usefixtures("qapp")
def test_a_result_appears_and_grows(tmp_path: Path, until: Until) -> None:
    panel = ResultsPanel(tmp_path)
    assert panel.jobs.count() == 0
    folder = _write(tmp_path, "render", None, 1)
    until(lambda: panel.jobs.count() == 1)
    assert panel.detail.headline.text() == "What came out"
    cell = panel.detail.table.item(0, 1)
    assert cell is not None
    assert cell.text() == "0.125"
    image = QImage(4, 3, QImage.Format.Format_RGB32)
    image.fill(0)
    assert image.save(str(folder / "picture.png"))
    _write(tmp_path, "render", "picture.png", 2)
    until(lambda: panel.detail.bar.value() == 2 and not panel.detail.picture.is_empty)


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\nbroken"])
@pytest.mark.parametrize("name", ["picture.png", "picture.svg"])
def test_a_broken_picture_is_said_to_be_so(tmp_path: Path, name: str, content: bytes) -> None:
    folder = _write(tmp_path, "render", name, 1)
    (folder / name).write_bytes(content)
    panel = ResultsPanel(tmp_path)
    assert panel.detail.picture.is_empty
    assert not panel.detail.trouble.isHidden()
