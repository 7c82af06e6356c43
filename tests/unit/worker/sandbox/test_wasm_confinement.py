from __future__ import annotations

import sys

import pytest

from gridle.worker.sandbox.wasm_confinement import Confinement, find_confinement


@pytest.mark.parametrize(
    ("files", "calls", "words"),
    [
        (True, True, ()),
        (True, False, ("Landlock alone",)),
        (False, True, ("seccomp alone", "5.13")),
        (False, False, ("neither", "5.13")),
    ],
)
def test_what_is_missing_is_said(words: tuple[str, ...], *, files: bool, calls: bool) -> None:
    said = Confinement(files=files, calls=calls).explanation("50.0.1")
    assert "50.0.1" in said.en
    assert "50.0.1" in said.zh
    assert said.en.count(".") >= 1
    assert all(word in said.en for word in words)
    assert ("Landlock" in said.en) == bool(words)


@pytest.mark.skipif(sys.platform != "linux", reason="others have a way of their own")
def test_a_kernel_without_either_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridle.worker.sandbox.host.landlock.version", lambda _: 0)
    monkeypatch.setattr("gridle.worker.sandbox.host.seccomp.MACHINES", {})
    assert find_confinement() == Confinement(files=False, calls=False)
