"""Results on disk are read within limits, and damaged ones are left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridle.app import result_files
from gridle.app.result_files import is_plain_drawing, read_image, read_result, read_results

SUMMARY = {
    "title": "Render",
    "headline": "A picture",
    "image": "picture.png",
    "table": [["a", "b"], [1, 2.5], ["x", None]],
    "updated_at": "2026-01-01T00:00:00+00:00",
    "tasks_done": 1,
    "tasks_total": 8,
}


def _write(folder: Path, **changes: object) -> Path:
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps({**SUMMARY, **changes}))
    return folder


def test_a_result_is_read(tmp_path: Path) -> None:
    result = read_result(_write(tmp_path / "render"))
    assert result is not None
    assert result.summary.title == "Render"
    assert result.summary.table == (("a", "b"), (1, 2.5), ("x", None))
    assert result.image_path == tmp_path / "render" / "picture.png"


@pytest.mark.parametrize("name", ["../secret.png", "/etc/x.png", "a/b.svg", "picture.exe", ".png"])
def test_a_picture_is_a_plain_name_in_its_own_folder(tmp_path: Path, name: str) -> None:
    result = read_result(_write(tmp_path / "render", image=name))
    assert result is not None
    assert result.image_path is None


def test_damaged_half_written_and_missing_summaries_are_left_out(tmp_path: Path) -> None:
    _write(tmp_path / "good")
    (tmp_path / "empty").mkdir()
    (_write(tmp_path / "half") / "summary.json").write_text('{"title": "Ren')
    _write(tmp_path / "wrong", tasks_done="many")
    (_write(tmp_path / "deep") / "summary.json").write_text('{"x": ' + "[" * 5000)
    assert [result.name for result in read_results(tmp_path)] == ["good"]
    assert read_results(tmp_path / "nowhere") == ()


def test_files_that_are_too_large_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _write(tmp_path / "render")
    (folder / "picture.png").write_bytes(b"12345")
    monkeypatch.setattr(result_files, "MAX_IMAGE_BYTES", 4)
    assert read_image(folder / "picture.png") is None
    monkeypatch.setattr(result_files, "MAX_SUMMARY_BYTES", 4)
    assert read_result(folder) is None


@pytest.mark.parametrize(
    "body",
    [
        '<image xlink:href="/etc/hostname"/>',
        '<use xlink:HREF="#a"/>',
        '<!ENTITY a "<use/>">',
    ],
)
def test_a_drawing_that_refers_to_anything_is_not_plain(body: str) -> None:
    assert not is_plain_drawing(f"<svg>{body}</svg>".encode())
    assert not is_plain_drawing(f"<svg>{body}</svg>".encode("utf-16"))


def test_a_chart_is_plain() -> None:
    assert is_plain_drawing(b'<svg><linearGradient id="g"/><rect fill="url(#g)"/></svg>')
