from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.cdi import _read_yaml, card_name, cards_said, find_cards

SORTED_YAML = """\
# made by a tool
cdiVersion: 0.5.0
containerEdits:
  deviceNodes:
  - path: /dev/nvidia-modeset
  hooks:
  - args:
    - nvidia-ctk
    hookName: createContainer
    name: no-card
devices:
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
      name: no-card
  name: GPU-1
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia1
  name: "all"
kind: nvidia.com/gpu
"""
INDENTED_YAML = """\
kind: "intel.com/gpu"
devices:
  - name: 0000:03:00.0
    containerEdits:
      env: ["A=1"]
  - containerEdits:
      env: ["A=1"]
    name: 'card1'
annotations:
  name: no-card
"""


def spec(kind: str, *names: object) -> str:
    return json.dumps({"kind": kind, "devices": [{"name": name} for name in names]})


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        (SORTED_YAML, {"nvidia.com/gpu=GPU-1", "nvidia.com/gpu=all"}),
        (INDENTED_YAML, {"intel.com/gpu=0000:03:00.0", "intel.com/gpu=card1"}),
        ("kind: nvidia.com/gpu\ndevices: []\n", set()),
    ],
)
def test_names_are_read_from_yaml(tmp_path: Path, text: str, cards: set[str]) -> None:
    (tmp_path / "a.yaml").write_text(text)
    assert find_cards([tmp_path]) == cards


def test_names_are_read_from_every_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "one" / "n.json").write_text(spec("nvidia.com/gpu", "0", "GPU-1"))
    (tmp_path / "two" / "a.json").write_text(spec("amd.com/gpu", "0"))
    folders = [tmp_path / name for name in ("one", "two", "absent")]
    assert find_cards(folders) == {"nvidia.com/gpu=0", "nvidia.com/gpu=GPU-1", "amd.com/gpu=0"}


@pytest.mark.parametrize(
    "text",
    [
        spec("vendor.com/net", "0"),
        spec("nvidia.com/gpu", "a b", "", "x" * 200, "--privileged", 5.5e300),
        "[1]",
        "{",
        "[" * 100_000,
        '{"kind": "nvidia.com/gpu"}',
        " " * 2**21,
    ],
    ids=["kind", "names", "list", "cut", "deep", "none", "large"],
)
def test_other_files_name_no_card(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    (tmp_path / "folder.json").mkdir()
    assert find_cards([tmp_path]) == frozenset()


def test_the_number_of_cards_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(spec("amd.com/gpu", *range(1000)))
    assert len(find_cards([tmp_path])) == 256


@given(st.text(st.sampled_from("-: \n'\"namekidvcs#"), max_size=400))
def test_no_text_breaks_the_reader(text: str) -> None:
    _read_yaml("devices:\n" + text)


def test_a_card_is_known_by_its_uuid() -> None:
    cards = frozenset({"nvidia.com/gpu=GPU-1", "amd.com/gpu=x"})
    assert card_name(cards, "GPU-1") == "nvidia.com/gpu=GPU-1"
    assert card_name(cards, "x") == "amd.com/gpu=x"
    assert card_name(cards, "GPU-2") is None


def test_cards_are_told_or_how_to_have_some() -> None:
    assert "amd.com/gpu=x" in cards_said(frozenset({"amd.com/gpu=x"})).en
    assert "nvidia-ctk cdi generate" in cards_said(frozenset()).en
