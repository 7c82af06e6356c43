"""From a job in its open form to the one that crosses the wire: every input sealed.

The sealed files and their manifest stay in a folder until the market has answered: sealing again
would give other bytes, and so another order of the same work.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec

from gridle.market.client import stored
from gridle.market.client.job_files import JobFile
from gridle.market.client.job_keys import JobKeys
from gridle.market.client.resolve import MAX_BLOB_BYTES, ResolvedJob
from gridle.market.protocol.errors import GridleError, InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import (
    MAX_MANIFEST_BYTES,
    InputFile,
    Manifest,
    decode_manifest,
    encode_manifest,
)
from gridle.market.protocol.sealed_stream import sealed_size
from gridle.market.protocol.sealing import JobKey, seal_input

_MANIFEST_NAME = "manifest.json"


def sendable(resolved: ResolvedJob, keys: JobKeys, folder: Path) -> ResolvedJob:
    """Return a job as it may be sent: a public one as it is, a sealed one with a fresh key kept.

    Raises:
        GridleError: as `seal_job`, or the key cannot be stored.
    """
    if not resolved.is_to_be_sealed:
        return resolved
    shutil.rmtree(folder, ignore_errors=True)
    key = JobKey.new()
    sealed = seal_job(resolved, key, folder)
    keys.keep(sealed.manifest_sha256, key)
    return sealed


def seal_job(resolved: ResolvedJob, key: JobKey, folder: Path) -> ResolvedJob:
    """Seal a job's inputs into `folder`, and return the job as it may be sent.

    Raises:
        InvalidInputError: an input is too large, or changed since it was looked at.
        UnavailableError: the disk is full.
    """
    inputs, others = _split(resolved)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        sealed = tuple(
            _seal(file, one.name, key, folder)
            for one, file in zip(resolved.manifest.inputs, inputs, strict=True)
        )
    except OSError as error:
        raise _cannot_write(folder, error) from error
    manifest = msgspec.structs.replace(
        resolved.manifest,
        data_class="sealed",
        result_key=key.result_key,
        inputs=tuple(
            InputFile(one.name, file.sha256, file.size_bytes)
            for one, file in zip(resolved.manifest.inputs, sealed, strict=True)
        ),
    )
    manifest_bytes = encode_manifest(manifest)
    stored.write_whole(folder / _MANIFEST_NAME, manifest_bytes)
    return _sealed(resolved, manifest_bytes, (*others, *sealed))


def sendable_again(resolved: ResolvedJob, sha256: Sha256, folder: Path) -> ResolvedJob | None:
    """Return the job as it was sent under this digest: a sealed one if `folder` has it whole."""
    if not resolved.is_to_be_sealed:
        return resolved if resolved.manifest_sha256 == sha256 else None
    _, others = _split(resolved)
    try:
        with (folder / _MANIFEST_NAME).open("rb") as file:
            manifest_bytes = file.read(MAX_MANIFEST_BYTES)
        if hashlib.sha256(manifest_bytes).hexdigest() != sha256:
            return None
        sealed = tuple(_found(one, folder) for one in decode_manifest(manifest_bytes).inputs)
    except (OSError, GridleError):
        return None
    return _sealed(resolved, manifest_bytes, (*others, *sealed))


def _sealed(
    resolved: ResolvedJob, manifest_bytes: bytes, files: tuple[JobFile, ...]
) -> ResolvedJob:
    manifest: Manifest = decode_manifest(manifest_bytes)
    return replace(
        resolved, manifest=manifest, manifest_bytes=manifest_bytes, files=files, is_sealed=True
    )


def _split(resolved: ResolvedJob) -> tuple[tuple[JobFile, ...], tuple[JobFile, ...]]:
    """Return the files of the open inputs, and the others."""
    at = len(resolved.files) - len(resolved.manifest.inputs)
    return resolved.files[at:], resolved.files[:at]


def _seal(file: JobFile, name: str, key: JobKey, folder: Path) -> JobFile:
    if sealed_size(file.size_bytes) > MAX_BLOB_BYTES:
        raise InvalidInputError(
            f"The input '{name}' has more than {MAX_BLOB_BYTES} bytes once it is sealed; split it.",
            f"输入文件“{name}”密封后超过 {MAX_BLOB_BYTES} 字节；请拆分。",
        )
    draft = folder / f"{name}.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with file.path.open("rb") as reader, os.fdopen(descriptor, "w+b") as writer:
        seal_input(reader, writer, key.for_task(0), name)
        size_bytes = writer.tell()
        writer.seek(0)
        sha256 = hashlib.file_digest(writer, "sha256").hexdigest()
    if size_bytes != sealed_size(file.size_bytes):
        raise InvalidInputError(
            f"The input '{name}' changed while it was read; submit the job again.",
            f"输入文件“{name}”在读取时被更改；请重新提交任务。",
        )
    return JobFile(draft.replace(folder / sha256), sha256, size_bytes)


def _found(one: InputFile, folder: Path) -> JobFile:
    path = folder / one.sha256
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != one.sha256:
            raise FileNotFoundError(path)
    return JobFile(path, one.sha256, one.size_bytes)


def _cannot_write(folder: Path, error: OSError) -> UnavailableError:
    return UnavailableError(
        f"The sealed files cannot be written to {folder} ({error.strerror or error}); free some "
        "space and submit again.",
        f"无法将密封文件写入 {folder}（{error.strerror or error}）；请释放空间后重新提交。",
    )
