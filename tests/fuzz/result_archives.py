"""Result archives, as a requestor gets them from a stranger's node."""

from __future__ import annotations

import io
import tarfile

from gridle.market.client.checking import write_files
from gridle.market.protocol.archive import pack, unpack
from gridle.market.protocol.errors import InvalidInputError
from tests.fuzz.bounds import assert_plain, bounded
from tests.fuzz.cage import cage
from tests.fuzz.tar_blocks import with_good_checksums

_MAX_BYTES, _MAX_FILES = 2**20, 32


def _other(layout: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        for name in ("a", "d" * 60 + "/" + "n" * 80):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, "/etc/passwd", 3
            info.pax_headers = {"GNU.sparse.map": "0,3", "size": "3"}
            archive.addfile(info, io.BytesIO(b"123"))
    return buffer.getvalue()


def _with_size(size: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    archive = bytearray(pack({"a": b"1", "b": b"2"}))
    archive[124:136], archive[156:157] = size, kind
    return with_good_checksums(bytes(archive))


SEEDS = (
    pack({"a": b"", "b.txt": b"x" * 600, "result.csv": b"1,2\n"}),
    pack({}),
    pack({"x" * 100: b"0" * 512}),
    _with_size(b"\x80" + b"\xff" * 11, b"L"),
    _with_size(b"\xff" * 10 + b"\xfe\0"),
    _with_size(b"00000000001\0", b"x"),
    _other(tarfile.PAX_FORMAT),
    _other(tarfile.GNU_FORMAT),
    _other(tarfile.GNU_FORMAT, tarfile.GNUTYPE_SPARSE),
    _other(tarfile.USTAR_FORMAT, tarfile.SYMTYPE),
)
TOKENS = (
    b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", b"\x80" + b"\xff" * 11, b"\xff" * 12,
    b"\xff" * 10 + b"\xfe\0", b"77777777777", b"-0000000512", b"ustar\0" + b"00", b"ustar  \0",
    bytes(512), b"../", b"/", b"30 path=../../x\n", b"23 size=-512\n", b"GNU.sparse.major=1\n",
    b"99999999999 a=b\n", b"\xed\xa0\x80",
)  # fmt: skip


def one_input(data: bytes) -> None:
    """Only plain files with plain names come out, within the limits, into the folder alone."""
    with bounded(data):
        try:
            files = unpack(data, max_bytes=_MAX_BYTES, max_files=_MAX_FILES)
        except InvalidInputError as error:
            assert_plain(str(error))
            return
    assert len(files) <= _MAX_FILES
    assert sum(map(len, files.values())) <= min(_MAX_BYTES, len(data))
    assert unpack(pack(files), max_bytes=_MAX_BYTES, max_files=_MAX_FILES) == files
    assert _read_by_another(data) == files
    with cage() as held:
        folder = held.task / "result"
        with held.watched(folder):
            write_files(files, folder)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


def _read_by_another(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        readers = {member.name: archive.extractfile(member) for member in archive}
        return {name: reader.read() if reader else b"" for name, reader in readers.items()}
