from __future__ import annotations

import ctypes
import struct
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.host import low_token
from gridle.worker.sandbox.host.low_token import all_removed

REMOVED = 4


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1))), st.binary())
def test_every_privilege_is_removed_for_good(
    privileges: list[tuple[int, int]], rest: bytes
) -> None:
    had = b"".join(struct.pack("<QI", *each) for each in privileges)
    wanted = all_removed(struct.pack("<I", len(privileges)) + had + rest)
    assert wanted == struct.pack("<I", len(privileges)) + b"".join(
        struct.pack("<QI", luid, REMOVED) for luid, _ in privileges
    )


class Windows:
    """Writes down what is asked of advapi32."""

    def __init__(self, refuses: str = "") -> None:
        self.calls: dict[str, tuple[Any, ...]] = {}
        self._refuses = refuses

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - every function at once
        def call(*words: Any) -> int:  # noqa: ANN401 - whatever it takes
            self.calls[name] = words
            if name == "GetTokenInformation":
                room, length = words[2], words[4]._obj
                struct.pack_into("<IQI", room, 0, 1, 20, 2)
                length.value = 16
            return int(name != self._refuses)

        return call


def test_the_process_loses_its_rights_and_is_of_low_integrity() -> None:
    windows = Windows()
    low_token.take(windows, ("C:\\task\\out",))
    assert windows.calls["SetFileSecurityW"][:2] == ("C:\\task\\out", 0x10)
    assert windows.calls["AdjustTokenPrivileges"][2].raw[:16] == struct.pack("<IQI", 1, 20, REMOVED)
    assert windows.calls["ConvertStringSidToSidW"][0] == "S-1-16-4096"
    _, kind, label, size = windows.calls["SetTokenInformation"]
    assert (kind, label._obj.attributes, size) == (25, 0x20, ctypes.sizeof(label._obj))


@pytest.mark.parametrize(
    "refuses",
    ["OpenProcessToken", "AdjustTokenPrivileges", "SetTokenInformation", "SetFileSecurityW"],
)
def test_what_windows_refuses_ends_it(refuses: str) -> None:
    with pytest.raises(OSError, match="refused"):
        low_token.take(Windows(refuses), ("C:\\task\\out",))


@pytest.mark.skipif(sys.platform == "win32", reason="there it is")
def test_elsewhere_there_is_no_advapi32() -> None:
    with pytest.raises(OSError, match="not Windows"):
        low_token.load()
