"""Error numbers of WASI preview 1, and how a guest's call ends in one.

Numbers after the `errno` type of the preview 1 witx files (WebAssembly/WASI, legacy/preview1).
"""

from __future__ import annotations

import errno

SUCCESS = 0
BADF = 8
EXIST = 20
FAULT = 21
FBIG = 22
ILSEQ = 25
INVAL = 28
IO = 29
ISDIR = 31
MFILE = 33
NOENT = 44
NOSPC = 51
NOTDIR = 54
NOTSOCK = 57
NOTSUP = 58
ROFS = 69
SPIPE = 70
XDEV = 75
NOTCAPABLE = 76

_BY_HOST = {
    errno.EBADF: BADF,
    errno.EEXIST: EXIST,
    errno.EFBIG: FBIG,
    errno.EINVAL: INVAL,
    errno.EISDIR: ISDIR,
    errno.ENOENT: NOENT,
    errno.ENOSPC: NOSPC,
    errno.ENOTDIR: NOTDIR,
    errno.ESPIPE: SPIPE,
}


class GuestError(Exception):
    """A call of the guest's fails with this WASI error number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class GuestBroken(Exception):  # noqa: N818 - it says what became of the guest
    """The guest did what no task may: it ends here, and the message says why."""


def of_host(error: OSError) -> int:
    """Return the number for an error of this system; whatever is not known is IO everywhere."""
    return _BY_HOST.get(error.errno or 0, IO)
