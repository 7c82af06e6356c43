"""Which graphics cards an engine can hand over by name: the Container Device Interface.

Source: github.com/cncf-tags/container-device-interface, SPEC.md. Vendors' tools write the files,
as JSON, or as YAML of one plain shape, of which the few lines that name devices are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.shallow_json import read_json

CDI_FOLDERS = (Path("/etc/cdi"), Path("/var/run/cdi"))
CARD_KINDS = ("nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu")
_GENERATE = "sudo nvidia-ctk cdi generate --device-name-strategy=uuid --output=/etc/cdi/nvidia.yaml"
_MOST_FILES = 64
_MOST_BYTES = 2**20
_MOST_CARDS = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,126}")


def find_cards(folders: Iterable[Path]) -> frozenset[str]:
    """Return the full names, such as `nvidia.com/gpu=GPU-…`, in the files of these folders.

    Files that cannot be read or are too large count for nothing: the engine passes them over too.
    """
    names: list[str] = []
    for folder in folders:
        try:
            files = sorted(each for each in folder.iterdir() if each.suffix in {".json", ".yaml"})
        except OSError:
            continue
        for file in files[:_MOST_FILES]:
            names += _names_in(file)
    return frozenset(names[:_MOST_CARDS])


def card_name(cards: frozenset[str], uuid: str) -> str | None:
    """Return the full name of the card with this UUID; None where none of `cards` is it."""
    names = (f"{kind}={uuid}" for kind in CARD_KINDS)
    return next((name for name in names if name in cards), None)


def cards_said(cards: frozenset[str]) -> Sentence:
    """Say which cards tasks can be given, or how to have some."""
    if not cards:
        return Sentence(
            "No graphics card can be handed to container tasks; for an NVIDIA card run "
            f"{_GENERATE}.",
            f"没有可交给容器任务的显卡；NVIDIA 显卡请运行 {_GENERATE}。",
        )
    named = ", ".join(sorted(cards))
    return Sentence(
        f"Graphics cards that can be handed to container tasks: {named}.",
        f"可交给容器任务的显卡：{named}。",
    )


def _names_in(file: Path) -> list[str]:
    try:
        with file.open("rb") as opened:
            untrusted = opened.read(_MOST_BYTES + 1)
    except OSError:
        return []
    if len(untrusted) > _MOST_BYTES:
        return []
    text = untrusted.decode("utf-8", "replace")
    kind, names = _read_json(text) if file.suffix == ".json" else _read_yaml(text)
    if kind not in CARD_KINDS:
        return []
    return [f"{kind}={name}" for name in names if _NAME.fullmatch(name)]


def _read_json(untrusted: str) -> tuple[str, list[str]]:
    try:
        spec: Any = read_json(untrusted)
        return str(spec["kind"]), [str(device["name"]) for device in spec["devices"]]
    except (ValueError, KeyError, TypeError):
        return "", []


def _read_yaml(untrusted: str) -> tuple[str, list[str]]:
    """Read the kind, and the names of the list `devices`, each of whose items is a block."""
    kind, names = "", list[str]()
    in_devices, item_indent = False, -1
    for line in untrusted.splitlines():
        bare = line.lstrip(" ")
        indent = len(line) - len(bare)
        if not bare or bare.startswith("#"):
            continue
        if indent == 0 and not bare.startswith("-"):
            in_devices, item_indent = bare.rstrip() == "devices:", -1
            kind = _value(bare, "kind") or kind
        elif in_devices:
            if bare.startswith("-") and item_indent in {-1, indent}:
                item_indent = indent
                bare = bare[1:].lstrip(" ")
                indent = len(line) - len(bare)
            if item_indent >= 0 and indent == item_indent + 2:
                names += filter(None, [_value(bare, "name")])
    return kind, names


def _value(bare: str, key: str) -> str:
    found = re.fullmatch(rf"{key}:\s+(['\"]?)([^'\"]*)\1\s*", bare)
    return found[2] if found else ""
