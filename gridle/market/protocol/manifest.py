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
from gridle.market.protocol.ids import MAX_UNITS, PublicKey, Sha256

MAX_MANIFEST_BYTES = 2**20
MAX_TASKS = 10_000

FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$(?!\n)")]
"""A plain file name: no folder, no leading dot."""

Argument = Annotated[str, Meta(max_length=4096)]
_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]*$(?!\n)"
"""No control characters and no marks of writing direction: people read these on terminals."""
Label = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$(?!\n)")]
HostName = Annotated[
    str,
    Meta(
        pattern=r"^(?=.{1,253}$(?!\n))([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$(?!\n)"
    ),
]
"""A full host name (RFC 1123) in lower case; never an address."""
Repository = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9.-]{1,200}(:[0-9]{1,5})?(/[a-z0-9]+([._-]{1,2}[a-z0-9]+)*){1,8}$(?!\n)",
        max_length=255,
    ),
]
"""A registry's host, with a port where it is not 443, and the repository's path in it."""
MiB = 2**20


class WasmRuntime(Struct, frozen=True, tag="wasm", tag_field="kind", forbid_unknown_fields=True):
    """A WebAssembly (WASI preview 1) command module, named by its digest."""

    module_sha256: Sha256


class RegistryImage(Struct, frozen=True, forbid_unknown_fields=True):
    """An image in an OCI registry, by the digest of its manifest (OCI distribution 1.1)."""

    repository: Repository
    manifest_sha256: Sha256


class ContainerRuntime(
    Struct, frozen=True, tag="container", tag_field="kind", forbid_unknown_fields=True
):
    """An OCI image, named by the SHA-256 of its configuration (the engine's image id).

    A worker that lacks the image loads it from `archive_sha256`, an OCI archive among the market's
    blobs, or from `registry`; the loaded image's id is checked against `image_sha256`.
    """

    image_sha256: Sha256
    command: Annotated[tuple[Argument, ...], Meta(min_length=1, max_length=64)]
    archive_sha256: Sha256 | None = None
    registry: RegistryImage | None = None


Runtime = WasmRuntime | ContainerRuntime
RuntimeKind = Literal["wasm", "container"]
DataClass = Literal["public", "sealed"]
Isolation = Literal["any", "gvisor"]


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
    gpus: Annotated[int, Meta(ge=0, le=16)] = 0
    """Whole graphics cards; only containers may have any."""
    gpu_memory_bytes: Annotated[int, Meta(ge=0, le=2**40)] = 0
    """What each of those cards must have."""


class CheckpointRule(Struct, frozen=True, forbid_unknown_fields=True):
    """How a task saves its state, for tasks that follow docs/checkpoints.md."""

    format_version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    """Of the task's own state: one of another version is not handed to it."""
    interval_s: Annotated[float, Meta(ge=1, le=86400)] = 60.0
    """How often it is told to save; so much work is lost at most when it is broken off."""
    grace_s: Annotated[float, Meta(gt=0, le=300)] = 10.0
    """Within so many seconds of being told, its state is in place."""
    max_bytes: Annotated[int, Meta(ge=1, le=4 * 2**30)] = 64 * MiB


def checkpoint_blob_max_bytes(max_bytes: int) -> int:
    """Return how large the blob of a state of at most `max_bytes` may be.

    What sealing adds is in it: a head, and a few bytes for each of its pieces.
    """
    return max_bytes + max_bytes // 256 + 65536


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
    data_class: DataClass = "public"
    """`sealed`: only requestor and executing node can read inputs, results and checkpoints."""
    result_key: PublicKey | None = None
    """X25519 public key in hex to which the results of a sealed job are encrypted."""
    network_allow: Annotated[tuple[HostName, ...], Meta(max_length=16)] = ()
    """Host names that a task may reach through the worker's proxy; by default it has no network."""
    isolation: Isolation = "any"
    """`gvisor`: only where a container's system calls are served by gVisor."""
    checkpoint: CheckpointRule | None = None
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
    _check_combinations(manifest)
    return manifest


def _check_combinations(manifest: Manifest) -> None:
    needs_container = manifest.network_allow or manifest.resources.gpus
    if (needs_container or manifest.isolation != "any") and manifest.runtime_kind != "container":
        raise InvalidInputError(
            "A WebAssembly task has no network, no graphics card and no other fence than its own; "
            "take those out of this manifest, or make it a container.",
            "WebAssembly 任务没有网络、显卡或其他隔离方式；请从清单中去掉这些要求，或改用容器。",
        )
    if manifest.isolation == "gvisor" and needs_container:
        raise InvalidInputError(
            "Under gVisor a task has neither network nor graphics cards; take either out of this "
            "manifest.",
            "在 gVisor 中任务既没有网络也没有显卡；请从清单中去掉其中一项。",
        )
    if manifest.resources.gpu_memory_bytes and not manifest.resources.gpus:
        raise InvalidInputError(
            "This manifest asks for graphics memory but for no graphics card; set resources.gpus, "
            "or take resources.gpu_memory_bytes out.",
            "清单要求显存却未要求显卡；请设置 resources.gpus，或去掉 resources.gpu_memory_bytes。",
        )
    if (manifest.data_class == "sealed") != (manifest.result_key is not None):
        raise InvalidInputError(
            "A sealed job names the key to which its results are encrypted, and only a sealed job; "
            "set both data_class and result_key, or neither.",
            "密封作业须给出用于加密结果的公钥，且仅密封作业可以给出；请同时设置 data_class 与 "
            "result_key，或都不设置。",
        )


def encode_manifest(manifest: Manifest) -> bytes:
    """Encode a manifest; the SHA-256 of the returned bytes is its name."""
    return msgspec.json.encode(manifest)
