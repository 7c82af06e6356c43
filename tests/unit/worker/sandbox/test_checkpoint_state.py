from __future__ import annotations

from pathlib import Path

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.sandbox.checkpoint_state import place_state


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "task").write_text("no folder")
    with pytest.raises(UnavailableError, match="could not be kept"):
        place_state(None, tmp_path / "task")
