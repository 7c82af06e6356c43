"""A job's manifest as it crosses the wire: everything by digest, nothing by path.

The manifest travels as a blob of JSON bytes and is named by their SHA-256: whoever signs the
order signs that digest, so no byte of what a provider runs can be changed on the way.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from gridle.market.protocol.codec import decode
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.ids import MAX_UNITS, Sha256

MAX_MANIFEST_BYTES = 2**20
MAX_TASKS = 10_000

FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$(?!\n)")]
"""A plain file name: no folder, no leading dot."""

Argument = Annotated[str, Meta(max_length=4096)]
_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]*$(?!\n)"
"""No control characters and no marks of writing direction: people read these on terminals."""
Label = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$(?!\n)")]
MiB = 2**20


class WasmRuntime(Struct, frozen=True, tag="wasm", tag_field="kind", forbid_unknown_fields=True):
    """A WebAssembly (WASI preview 1) command module, named by its digest."""

    module_sha256: Sha256


class ContainerRuntime(
    Struct, frozen=True, tag="container", tag_field="kind", forbid_unknown_fields=True
):
    """An OCI image, named by the SHA-256 of its configuration (the engine's image id).

    `archive_sha256` names an OCI archive among the market's blobs from which a worker that
    lacks the image can load it; the loaded image's id is checked against `image_sha256`.
    """

    image_sha256: Sha256
    command: Annotated[tuple[Argument, ...], Meta(min_length=1, max_length=64)]
    archive_sha256: Sha256 | None = None


Runtime = WasmRuntime | ContainerRuntime
RuntimeKind = Literal["wasm", "container"]


class InputFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file that every task of the job finds, read-only, in its input folder."""

    name: FileName
    sha256: Sha256
    size_bytes: Annotated[int, Meta(ge=0, le=4 * 2**30)]


class Resources(Struct, frozen=True, forbid_unknown_fields=True):
    """What one task needs at most; the sandbox enforces each of these."""

    reference_s: Annotated[float, Meta(gt=0, le=1e7)]
    """Estimated seconds on one core of the reference machine."""
    memory_bytes: Annotated[int, Meta(ge=16 * MiB, le=2**40)] = 256 * MiB
    cores: Annotated[int, Meta(ge=1, le=256)] = 1
    scratch_bytes: Annotated[int, Meta(ge=0, le=2**40)] = 64 * MiB
    output_max_bytes: Annotated[int, Meta(ge=1, le=256 * MiB)] = 16 * MiB
    output_max_files: Annotated[int, Meta(ge=1, le=1000)] = 32
    wall_limit_s: Annotated[float, Meta(gt=0, le=1e7)] = 3600.0


class Verification(Struct, frozen=True, forbid_unknown_fields=True):
    """How a result is judged. `requestor`: by the requestor's own check, within a time limit.

    A result on which no verdict came within `verdict_timeout_s` counts as accepted: a silent
    requestor cannot get work for nothing.
    """

    method: Literal["requestor"] = "requestor"
    verdict_timeout_s: Annotated[float, Meta(ge=1, le=86400)] = 120.0


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """One job: what runs, on what, for how much, and how it is judged."""

    name: Label
    title: Annotated[str, Meta(min_length=1, max_length=120, pattern=_PRINTABLE)]
    summary: Annotated[str, Meta(min_length=1, max_length=400, pattern=_PRINTABLE)]
    runtime: Runtime
    resources: Resources
    price_units: Annotated[int, Meta(ge=1, le=MAX_UNITS)]
    """Fixed price of each task, in the token's base units."""
    deadline_s: Annotated[float, Meta(gt=0, le=31_536_000)]
    """Seconds from submission after which unfinished tasks are no longer wanted."""
    tasks: Annotated[
        tuple[Annotated[tuple[Argument, ...], Meta(max_length=64)], ...],
        Meta(min_length=1, max_length=MAX_TASKS),
    ]
    """The arguments of each task; the task's index is its place here."""
    inputs: Annotated[tuple[InputFile, ...], Meta(max_length=100)] = ()
    verification: Verification = Verification()
    data_class: Literal["public"] = "public"
    network_allow: Annotated[tuple[str, ...], Meta(max_length=0)] = ()
    """Host names that a task may reach; none yet: a task has no network."""
    format_version: Literal[1] = 1

    @property
    def budget_units(self) -> int:
        """What the job costs when every task is accepted once."""
        return self.price_units * len(self.tasks)

    @property
    def runtime_kind(self) -> RuntimeKind:
        """The runtime's tag, by which workers and tasks are matched."""
        return "wasm" if isinstance(self.runtime, WasmRuntime) else "container"


def decode_manifest(untrusted_bytes: bytes) -> Manifest:
    """Decode and check a manifest.

    Raises:
        InvalidInputError: malformed, an unknown field, or two inputs of one name.
    """
    manifest = decode(untrusted_bytes, Manifest, what="manifest", max_bytes=MAX_MANIFEST_BYTES)
    names = [file.name for file in manifest.inputs]
    if len(set(names)) != len(names):
        raise InvalidInputError(
            "Two input files of this manifest have the same name; rename one of them.",
            "清单中有两个同名的输入文件；请给其中一个改名。",
        )
    return manifest


def encode_manifest(manifest: Manifest) -> bytes:
    """Encode a manifest; the SHA-256 of the returned bytes is its name."""
    return msgspec.json.encode(manifest)
