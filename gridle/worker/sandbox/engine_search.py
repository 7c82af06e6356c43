"""Finds the container engine to use: Podman before Docker, and only one whose fence holds."""

from __future__ import annotations

import shutil
from dataclasses import replace

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.engine import Ask, Engine, Which, ask_program
from gridle.worker.sandbox.engine_docker import find_docker
from gridle.worker.sandbox.engine_podman import find_podman


def find_engine(ask: Ask = ask_program, which: Which = shutil.which) -> Engine | Sentence:
    """Return the first engine that works and can enforce limits, or what to do to have one."""
    passed_over: list[Sentence] = []
    for program, find in (("podman", find_podman), ("docker", find_docker)):
        if which(program) is None:
            continue
        found = find(ask, which)
        if isinstance(found, Engine):
            return replace(found, passed_over=tuple(passed_over))
        passed_over.append(found)
    if not passed_over:
        return Sentence(
            "Container tasks need an engine: install Podman (on Debian or Ubuntu: "
            "sudo apt install podman).",
            "容器任务需要容器引擎：请安装 Podman（Debian 或 Ubuntu：sudo apt install podman）。",
        )
    return Sentence(
        " ".join(each.en for each in passed_over), "".join(each.zh for each in passed_over)
    )
