from __future__ import annotations

import json
import tomllib
from pathlib import Path

from gridle.resources_folder import resources_folder
from gridle.worker.sandbox.net_files import networked_profile, networked_settings


def test_the_networked_profile_is_the_tasks_and_one_call_more(tmp_path: Path) -> None:
    base = resources_folder() / "seccomp" / "task.json"
    plain, wider = (
        json.loads(base.read_text()),
        json.loads(networked_profile(base, tmp_path).read_text()),
    )
    *same, added = wider["syscalls"]
    assert {**wider, "syscalls": same} == plain
    assert added["names"] == ["socket"]
    assert [each["value"] for each in added["args"]] == [2, 15, 6]


def test_the_engine_sets_nothing_in_the_proxys_namespace(tmp_path: Path) -> None:
    settings = tomllib.loads(networked_settings(tmp_path).read_text())
    assert settings == {"containers": {"default_sysctls": []}}
