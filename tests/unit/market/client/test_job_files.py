from __future__ import annotations

from pathlib import Path

import pytest

from gridle.market.client.job_files import locate
from gridle.market.protocol.errors import InvalidInputError


@pytest.mark.parametrize(
    "name", ["x" * 256, "x" * 256 + "/y", "in/" + "é" * 200, "a\0b", "x/" * 3000]
)
def test_a_name_that_no_file_can_have_names_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInputError, match="there is no file"):
        locate(tmp_path, name, "inputs.data")
