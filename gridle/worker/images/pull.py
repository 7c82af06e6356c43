"""Pulls an image into an archive that engines load; broken off, it goes on where it was.

What is in the draft is a beginning of the archive. A layer's padding is written only once its
digest was found right and it is on disk, so only the last layer of a draft has to be read again.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from gridle.market.protocol.errors import GridleError, UnavailableError
from gridle.worker.images.explanations import refused
from gridle.worker.images.plan import END, Layer, Plan
from gridle.worker.images.registry import Registry
from gridle.worker.sources.progress import Counter

_PIECE_BYTES = 2**20


def pull(registry: Registry, plan: Plan, draft: Path, counter: Counter) -> None:
    """Bring `draft` to its end as `plan` has it.

    Raises:
        GridleError: a layer cannot be had now, or is not what its digest says.
        OSError: it cannot be stored.
    """
    with draft.open("r+b" if draft.exists() else "w+b") as file:
        _begin(file, plan)
        counter.add(file.seek(0, os.SEEK_END))
        for layer in plan.layers:
            if file.seek(0, os.SEEK_END) < layer.end_at:
                _pull_layer(registry, layer, file, counter)
        file.seek(plan.size_bytes - len(END))
        file.truncate()
        _write(file, END, counter)
        _keep(file)


def _begin(file: BinaryIO, plan: Plan) -> None:
    """Throw away a draft that is no beginning of this archive, and what is past its end."""
    if file.read(len(plan.start)) != plan.start:
        file.seek(0)
        file.truncate()
        file.write(plan.start)
    elif file.seek(0, os.SEEK_END) > plan.size_bytes - len(END):
        file.truncate(plan.size_bytes - len(END))


def _pull_layer(registry: Registry, layer: Layer, file: BinaryIO, counter: Counter) -> None:
    digest, had_bytes = hashlib.sha256(), 0
    if file.seek(0, os.SEEK_END) > layer.content_at:
        had_bytes = _digest_kept(file, layer, digest)
    else:
        _cut_back(file, layer.header_at, counter)
        _write(file, layer.header, counter)
    if had_bytes < layer.size_bytes:
        digest, had_bytes = _fetch(registry, layer, file, counter, (digest, had_bytes))
    if digest.hexdigest() != layer.sha256:
        _cut_back(file, layer.header_at, counter)
        raise _wrong(registry.host, was_resumed=bool(had_bytes))
    _keep(file)
    _cut_back(file, layer.content_at + layer.size_bytes, counter)
    _write(file, layer.padding, counter)


def _fetch(
    registry: Registry,
    layer: Layer,
    file: BinaryIO,
    counter: Counter,
    kept: tuple[hashlib._Hash, int],
) -> tuple[hashlib._Hash, int]:
    """Append the rest of a layer; return its digest, and how much of it was kept.

    Raises:
        RefusedError: more comes than was said.
        UnavailableError: less comes; what came is kept.
    """
    digest, had_bytes = kept
    with registry.blob(layer.sha256, had_bytes) as (start, pieces):
        if start != had_bytes:
            digest, had_bytes = hashlib.sha256(), 0
            _cut_back(file, layer.content_at, counter)
        got_bytes = had_bytes
        for piece in pieces:
            got_bytes += len(piece)
            if got_bytes > layer.size_bytes:
                _cut_back(file, layer.header_at, counter)
                raise refused(registry.host, "it sends more than it said")
            digest.update(piece)
            _write(file, piece, counter)
    if got_bytes < layer.size_bytes:
        raise _broken_off(registry.host)
    return digest, had_bytes


def _digest_kept(file: BinaryIO, layer: Layer, digest: hashlib._Hash) -> int:
    """Digest what a draft has of a layer, without its padding; return how much that is."""
    file.seek(layer.content_at)
    kept_bytes = 0
    while piece := file.read(min(_PIECE_BYTES, layer.size_bytes - kept_bytes)):
        digest.update(piece)
        kept_bytes += len(piece)
    return kept_bytes


def _write(file: BinaryIO, data: bytes, counter: Counter) -> None:
    file.write(data)
    counter.add(len(data))


def _cut_back(file: BinaryIO, at: int, counter: Counter) -> None:
    end = file.seek(0, os.SEEK_END)
    if end > at:
        file.truncate(at)
        counter.add(at - end)
    file.seek(0, os.SEEK_END)


def _keep(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _wrong(host: str, *, was_resumed: bool) -> GridleError:
    if was_resumed:  # perhaps by this machine's fault, such as a loss of power while it was written
        return UnavailableError(
            "What was fetched of an image earlier is damaged; that part is fetched again.",
            "先前下载的部分镜像已损坏；该部分将重新下载。",
        )
    return refused(host, "what it sends is not what was asked for")


def _broken_off(host: str) -> UnavailableError:
    return UnavailableError(
        f"The image registry {host} broke off; the download is taken up again where it was.",
        f"镜像仓库 {host} 中断了传输；下载将从中断处继续。",
    )
