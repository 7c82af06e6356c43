"""From a job's folder to what crosses the wire: the manifest by digests, and its blobs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gridle.market.client import job_files
from gridle.market.client.job_files import JobFile
from gridle.market.client.job_source import ContainerSource, JobSource, WasmSource
from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import (
    ContainerRuntime,
    InputFile,
    Manifest,
    RegistryImage,
    Runtime,
    Verification,
    WasmRuntime,
    decode_manifest,
    encode_manifest,
)

MAX_BLOB_BYTES = 4 * 2**30
MAX_SCRIPT_BYTES = 2**20

ImageOfRecipe = Callable[[Path], str | None]
"""Give the SHA-256 (hex) of the image built from a recipe file, or None where it is not built."""

_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True)
class ResolvedJob:
    """A job that can be ordered. `check` and `combine` stay on the requestor's machine."""

    source: JobSource
    manifest: Manifest
    manifest_bytes: bytes
    files: tuple[JobFile, ...]
    """To be uploaded before the manifest."""
    check: Path | None
    combine: Path | None
    is_sealed: bool = False
    """Whether `sealed_job.py` made it; only so may a job of class `sealed` be sent."""

    @property
    def manifest_sha256(self) -> Sha256:
        """The name under which the order knows this manifest."""
        return hashlib.sha256(self.manifest_bytes).hexdigest()

    @property
    def is_to_be_sealed(self) -> bool:
        """Whether its data must be sealed (`sealed_job.py`) before anything of it is sent."""
        return self.source.manifest.data.data_class == "sealed" and not self.is_sealed


def resolve(
    source: JobSource,
    variables: Mapping[str, str],
    image_of_recipe: ImageOfRecipe | None = None,
) -> ResolvedJob:
    """Look at every file that the manifest names, and make the wire manifest.

    Of a sealed job this is the open form, which stays on this machine: `seal_job` makes the other.

    Args:
        source: what was read.
        variables: values for `{name}` in the tasks' arguments.
        image_of_recipe: who can build images from recipes; None outside practice.

    Raises:
        InvalidInputError: a file is missing, outside, or not what its digest says; a variable
            has no value; or the whole does not make a valid manifest.
        UnavailableError: the image of a recipe is not built yet.
    """
    runtime, files = _runtime(source, image_of_recipe)
    inputs = tuple(
        job_files.read(source.folder, one.path, f"inputs.{one.name}", max_bytes=MAX_BLOB_BYTES)
        for one in source.manifest.inputs
    )
    manifest_bytes = encode_manifest(_manifest(source, variables, runtime, inputs))
    return ResolvedJob(
        source=source,
        manifest=decode_manifest(manifest_bytes),
        manifest_bytes=manifest_bytes,
        files=(*files, *inputs),
        check=check_script(source),
        combine=combine_script(source),
    )


def _manifest(
    source: JobSource,
    variables: Mapping[str, str],
    runtime: Runtime,
    inputs: tuple[JobFile, ...],
) -> Manifest:
    wanted = source.manifest
    return Manifest(
        name=wanted.job.name,
        title=wanted.job.title,
        summary=wanted.job.summary,
        runtime=runtime,
        resources=wanted.resources,
        price_units=wanted.pay.price_units,
        deadline_s=wanted.pay.deadline_s,
        tasks=tuple(
            tuple(fill_in(argument, variables) for argument in arguments)
            for arguments in wanted.tasks.arguments
        ),
        inputs=tuple(
            InputFile(one.name, file.sha256, file.size_bytes)
            for one, file in zip(wanted.inputs, inputs, strict=True)
        ),
        verification=Verification(
            wanted.verification.method, wanted.verification.verdict_timeout_s
        ),
        network_allow=wanted.network.allow if wanted.network else (),
        isolation=wanted.fence.isolation,
        checkpoint=wanted.checkpoint,
    )


def check_script(source: JobSource) -> Path | None:
    """Return the script that judges results, where the job has one.

    Raises:
        InvalidInputError: the manifest names it, but it is not there.
    """
    return _script(source, source.manifest.verification.check, "verification.check")


def combine_script(source: JobSource) -> Path | None:
    """Return the script that puts results together, where the job has one.

    Raises:
        InvalidInputError: the manifest names it, but it is not there.
    """
    section = source.manifest.combine
    return _script(source, section.script if section else None, "combine.script")


def fill_in(argument: str, variables: Mapping[str, str]) -> str:
    """Replace each `{name}` of a task's argument.

    Raises:
        InvalidInputError: a name has no value.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in variables:
            raise InvalidInputError(
                f"Manifest field tasks.arguments uses {{{name}}}, which has no value; "
                f"add --set {name}=VALUE.",
                f"清单字段 tasks.arguments 用到的 {{{name}}} 没有值；请加上 --set {name}=值。",
            )
        return variables[name]

    return _VARIABLE.sub(value, argument)


def _runtime(
    source: JobSource, image_of_recipe: ImageOfRecipe | None
) -> tuple[Runtime, tuple[JobFile, ...]]:
    wanted = source.manifest.runtime
    if isinstance(wanted, WasmSource):
        module = job_files.read(
            source.folder, wanted.module, "runtime.module", max_bytes=MAX_BLOB_BYTES
        )
        if module.sha256 != wanted.sha256:
            raise InvalidInputError(
                f"Manifest field runtime.sha256: '{wanted.module}' has the digest "
                f"{module.sha256}, not the one stated; build the module again or correct the "
                "digest.",
                f"清单字段 runtime.sha256：“{wanted.module}”的摘要是 {module.sha256}，"
                "与所写不符；请重新构建模块或更正摘要。",
            )
        return WasmRuntime(module.sha256), (module,)
    archive = None
    if wanted.archive is not None:
        archive = job_files.read(
            source.folder, wanted.archive, "runtime.archive", max_bytes=MAX_BLOB_BYTES
        )
    image = _image(source, wanted, image_of_recipe)
    runtime = ContainerRuntime(
        image, wanted.command, archive.sha256 if archive else None, _registry(wanted)
    )
    return runtime, ((archive,) if archive else ())


def _registry(wanted: ContainerSource) -> RegistryImage | None:
    if wanted.registry is not None and wanted.manifest_sha256 is not None:
        return RegistryImage(wanted.registry, wanted.manifest_sha256)
    if wanted.registry is None and wanted.manifest_sha256 is None:
        return None
    raise InvalidInputError(
        "Manifest section runtime: registry and manifest_sha256 belong together; name both, or "
        "neither.",
        "清单的 runtime 部分：registry 与 manifest_sha256 须一同给出；请都写上，或都不写。",
    )


def _image(
    source: JobSource, wanted: ContainerSource, image_of_recipe: ImageOfRecipe | None
) -> Sha256:
    if (wanted.image is None) == (wanted.image_recipe is None):
        raise InvalidInputError(
            "Manifest section runtime: name either image or image_recipe, one of the two.",
            "清单的 runtime 部分：image 与 image_recipe 必须且只能写一个。",
        )
    if wanted.image is not None:
        return wanted.image.removeprefix("sha256:")
    recipe_name = wanted.image_recipe or ""
    recipe = job_files.locate(source.folder, recipe_name, "runtime.image_recipe")
    if image_of_recipe is None:
        raise InvalidInputError(
            "Manifest field runtime.image_recipe works in practice alone; build the image and "
            "name it by runtime.image.",
            "清单字段 runtime.image_recipe 仅用于练习模式；请先构建镜像，再用 runtime.image 指定。",
        )
    image = image_of_recipe(recipe)
    if image is None:
        raise UnavailableError(
            f"The job '{source.manifest.job.name}' waits: its container image is not built yet; "
            "install Podman and run `make setup`.",
            f"任务“{source.manifest.job.name}”在等待：其容器镜像尚未构建；"
            "请安装 Podman 并运行 `make setup`。",
        )
    return image.removeprefix("sha256:")


def _script(source: JobSource, name: str | None, field: str) -> Path | None:
    if name is None:
        return None
    return job_files.read(source.folder, name, field, max_bytes=MAX_SCRIPT_BYTES).path
