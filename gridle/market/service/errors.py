"""What the market refuses, by the HTTP status that fits.

RefusedError
├── UnsignedError      401: no valid signature, or one that was used before
├── UnfundedError      402: the deposit does not cover it
├── NotFoundError      404: there is no such thing, or not for this key
└── ConflictError      409: the thing is not in the state for it
InvalidInputError
└── TooLargeError      413: larger than allowed
UnavailableError
└── StorageFullError   507: this market's disk is full
"""

from __future__ import annotations

import errno

from sqlalchemy.exc import OperationalError

from gridle.market.protocol.errors import InvalidInputError, RefusedError, UnavailableError


class UnsignedError(RefusedError):
    """No valid signature."""


class UnfundedError(RefusedError):
    """Not covered by the deposit."""


class NotFoundError(RefusedError):
    """No such thing."""


class ConflictError(RefusedError):
    """Not in this state."""


class TooLargeError(InvalidInputError):
    """Larger than allowed."""


class StorageFullError(UnavailableError):
    """No room on disk."""


def storage_full() -> StorageFullError:
    """Return the error for a full disk."""
    return StorageFullError(
        "This market's disk is full; nothing was stored. Try again later.",
        "本市场的磁盘已满；未保存任何内容。请稍后重试。",
    )


def is_disk_full(error: Exception) -> bool:
    """Tell whether an error of files or database says that there is no room."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, OperationalError) and "disk is full" in str(error.orig)


def no_such_job() -> NotFoundError:
    """Return the error for a job that this key cannot see."""
    return NotFoundError(
        "This market has no such job of yours; check its id and the wallet profile.",
        "本市场没有您的这个任务；请检查任务编号与钱包配置。",
    )
