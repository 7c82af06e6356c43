"""Where icons, styles, the seccomp profile and the practice jobs are."""

from __future__ import annotations

from pathlib import Path

from gridle.market.protocol.errors import UnavailableError


def resources_folder() -> Path:
    """Return the folder: inside the package where installed, beside it in a checkout.

    Raises:
        UnavailableError: this installation is not whole.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "resources", package.parent / "resources"):
        if folder.is_dir():
            return folder
    raise UnavailableError(
        "Gridle's own files are missing; install it again.", "Gridle 自身的文件缺失；请重新安装。"
    )
