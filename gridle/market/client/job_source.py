"""A job as its author writes it: a TOML manifest in a folder with the files it names."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.ids import MAX_UNITS, Sha256
from gridle.market.protocol.manifest import (
    MAX_MANIFEST_BYTES,
    MAX_TASKS,
    Argument,
    CheckpointRule,
    DataClass,
    FileName,
    HostName,
    Isolation,
    Label,
    Repository,
    Resources,
)

ImageId = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
RelativePath = Annotated[str, Meta(min_length=1, max_length=400)]

_PLACE = " - at `$"
"""What msgspec puts before the path of a wrong field."""


class JobSection(Struct, frozen=True, forbid_unknown_fields=True):
    """[job]: what a provider reads about it."""

    name: Label
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    summary: Annotated[str, Meta(min_length=1, max_length=400)]


class WasmSource(Struct, frozen=True, tag="wasm", tag_field="kind", forbid_unknown_fields=True):
    """[runtime] of kind wasm: a module in the job's folder, and the digest it must have."""

    module: RelativePath
    sha256: Sha256


class ContainerSource(
    Struct, frozen=True, tag="container", tag_field="kind", forbid_unknown_fields=True
):
    """[runtime] of kind container: an image by id, or by a recipe that the practice builds.

    Workers that lack the image get it from `archive`, an OCI archive in the job's folder, or from
    `registry`, a repository in which the image's manifest has the digest `manifest_sha256`.
    """

    command: Annotated[tuple[Argument, ...], Meta(min_length=1, max_length=64)]
    image: ImageId | None = None
    archive: RelativePath | None = None
    registry: Repository | None = None
    manifest_sha256: Sha256 | None = None
    image_recipe: RelativePath | None = None


class PaySection(Struct, frozen=True, forbid_unknown_fields=True):
    """[pay]: for each task, in the token's base units, and until when it is wanted."""

    price_units: Annotated[int, Meta(ge=1, le=MAX_UNITS)]
    deadline_s: Annotated[float, Meta(gt=0, le=31_536_000)]


class VerificationSection(Struct, frozen=True, forbid_unknown_fields=True):
    """[verification]: the script that judges a result on the requestor's own machine."""

    method: Literal["requestor"] = "requestor"
    verdict_timeout_s: Annotated[float, Meta(ge=1, le=86400)] = 120.0
    check: RelativePath | None = None


class CombineSection(Struct, frozen=True, forbid_unknown_fields=True):
    """[combine]: the script that puts results together on the requestor's own machine."""

    script: RelativePath


class DataSection(Struct, frozen=True, forbid_unknown_fields=True):
    """[data]: who can read it; `class = "sealed"` is requestor and executing node alone."""

    data_class: DataClass = msgspec.field(name="class", default="public")


class FenceSection(Struct, frozen=True, forbid_unknown_fields=True):
    """[fence]: `isolation = "gvisor"` keeps tasks off nodes without gVisor."""

    isolation: Isolation = "any"


class NetworkSection(Struct, frozen=True, forbid_unknown_fields=True):
    """[network]: the hosts that a task may reach; without this section, none."""

    allow: Annotated[tuple[HostName, ...], Meta(min_length=1, max_length=16)]


class InputSource(Struct, frozen=True, forbid_unknown_fields=True):
    """[[inputs]]: a file that every task finds under `name`."""

    name: FileName
    path: RelativePath


class TasksSection(Struct, frozen=True, forbid_unknown_fields=True):
    """[tasks]: the arguments of each task, in which `{variable}` is replaced at submission."""

    arguments: Annotated[
        tuple[Annotated[tuple[Argument, ...], Meta(max_length=64)], ...],
        Meta(min_length=1, max_length=MAX_TASKS),
    ]


class SourceManifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole TOML file."""

    job: JobSection
    runtime: WasmSource | ContainerSource
    resources: Resources
    pay: PaySection
    tasks: TasksSection
    verification: VerificationSection = VerificationSection()
    combine: CombineSection | None = None
    inputs: Annotated[tuple[InputSource, ...], Meta(max_length=100)] = ()
    data: DataSection = DataSection()
    fence: FenceSection = FenceSection()
    network: NetworkSection | None = None
    checkpoint: CheckpointRule | None = None
    """[checkpoint]: how tasks save their state (docs/checkpoints.md); without it, they do not."""


@dataclass(frozen=True)
class JobSource:
    """A manifest that was read, with where it is."""

    path: Path
    manifest: SourceManifest

    @property
    def folder(self) -> Path:
        """The job's folder, to which all paths in the manifest are relative."""
        return self.path.parent


def read_job_source(path: Path) -> JobSource:
    """Read a source manifest; files that it names are looked at when it is resolved.

    Raises:
        InvalidInputError: missing, not TOML, an unknown or missing field, or a wrong value.
    """
    try:
        with path.open("rb") as file:
            untrusted_bytes = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(
            f"The manifest {path} cannot be read ({error.strerror}); name a TOML file that is "
            "there and readable.",
            f"无法读取清单 {path}（{error.strerror}）；请指定一个存在且可读的 TOML 文件。",
        ) from error
    if len(untrusted_bytes) > MAX_MANIFEST_BYTES:
        raise InvalidInputError(
            f"The manifest {path} is larger than {MAX_MANIFEST_BYTES} bytes; move data into "
            "input files.",
            f"清单 {path} 超过 {MAX_MANIFEST_BYTES} 字节；请把数据移到输入文件中。",
        )
    return JobSource(path.absolute(), _parse(untrusted_bytes, path))


def _parse(untrusted_bytes: bytes, path: Path) -> SourceManifest:
    try:
        untrusted_table = tomllib.loads(untrusted_bytes.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # a number of too many digits is no TOML error
        raise InvalidInputError(
            f"The manifest {path} is not valid TOML: {error}. Correct that line and try again.",
            f"清单 {path} 不是有效的 TOML：{error}。请更正该行后重试。",
        ) from error
    try:
        return msgspec.convert(untrusted_table, SourceManifest)
    except msgspec.ValidationError as error:
        raise _wrong_field(path, str(error)) from error


def _wrong_field(path: Path, detail: str) -> InvalidInputError:
    what, found, place = detail.rpartition(_PLACE)
    if not found:
        what, place = detail, ""
    where = place.removeprefix(".").removesuffix("`") or "(top level)"
    return InvalidInputError(
        f"The manifest {path} is wrong at {where}: {what}. Correct this field and try again.",
        f"清单 {path} 在 {where} 处有误：{what}。请更正该字段后重试。",
    )
