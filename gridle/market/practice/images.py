"""Base images of the practice's container jobs, made from Debian's packages on this machine.

No registry is asked: `mmdebstrap` takes the packages from wherever this machine's own apt takes
them, and the result is loaded into the container engine under a tag that names the recipe.

    python -m gridle.market.practice.images build     make those that are missing
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from gridle.market.practice.image_archive import write_archive, write_layer
from gridle.market.practice.image_recipe import ImageRecipe, parse_recipe
from gridle.market.protocol.errors import GridleError, UnavailableError
from gridle.market.protocol.sentence import Sentence
from gridle.resources_folder import resources_folder

ENGINES = ("podman", "docker")
BUILD_TIMEOUT_S = 900.0
_UNDO_TIMEOUT_S = 20.0
_MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr"

Say = Callable[[Sentence], None]


def find_engine() -> str | None:
    """Return the name of the container engine's program, Podman first; None where there is none."""
    return next((name for name in ENGINES if shutil.which(name)), None)


def read_recipes(jobs: Path) -> tuple[ImageRecipe, ...]:
    """Return the recipe of every practice job under `jobs` that has one.

    Raises:
        InvalidInputError: a recipe is malformed.
    """
    return tuple(
        parse_recipe(file.parent.name, file.read_text("utf-8"))
        for file in sorted(jobs.glob("*/packages.txt"))
    )


def image_id(recipe: ImageRecipe, engine: str | None = None) -> str | None:
    """Return the id (SHA-256 in hex) of the recipe's image; None where it was not built yet."""
    engine = engine or find_engine()
    if engine is None:
        return None
    command = [engine, "image", "inspect", "--format", "{{.Id}}", recipe.tag]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip().removeprefix("sha256:") if found.returncode == 0 else None


def build(recipe: ImageRecipe, say: Say) -> str:
    """Make the recipe's image where it is missing, and return its id.

    Takes seconds to minutes. The draft lives in a temporary folder that goes with the call.

    Raises:
        UnavailableError: a program is missing, or a package or the engine is not to be had.
    """
    engine = find_engine()
    if engine is None:
        raise UnavailableError(
            "There is no container engine; install podman to run container tasks.",
            "没有容器引擎；请安装 podman 以运行容器任务。",
        )
    present = image_id(recipe, engine)
    if present is not None:
        return present
    if shutil.which("mmdebstrap") is None:
        raise UnavailableError(
            "mmdebstrap is missing, so base images cannot be made; run `make setup` or install it.",
            "缺少 mmdebstrap，无法制作基础镜像；请运行 `make setup` 或安装它。",
        )
    say(
        Sentence(
            f"Making the base image of the job '{recipe.job}' from Debian packages…",
            f"正在用 Debian 软件包制作任务“{recipe.job}”的基础镜像……",
        )
    )
    with _draft_folder() as folder:
        made = _make_archive(recipe, folder)
        _run(recipe, [engine, "load", "--input", str(folder / "image.tar")])
    if image_id(recipe, engine) != made:
        raise _failed(recipe, "the engine did not keep it under its digest")
    return made


def _make_archive(recipe: ImageRecipe, folder: Path) -> str:
    layer = folder / "layer.tar"
    log = folder / "log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            debootstrap_command(recipe, _suite()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "SOURCE_DATE_EPOCH": "0", "TMPDIR": str(folder)},
            start_new_session=True,
        ) as process,
    ):
        try:
            if process.stdout is None:
                raise _failed(recipe, "mmdebstrap has no output")
            layer_sha256 = write_layer(process.stdout, layer, recipe.keeps)
            status = process.wait(BUILD_TIMEOUT_S)
        except (OSError, tarfile.TarError, subprocess.TimeoutExpired) as error:
            _end(process)
            raise _failed(recipe, _cause(log.read_text("utf-8", "replace"))) from error
        except SystemExit:
            _end(process)
            raise
    if status != 0:
        raise _failed(recipe, _cause(log.read_text("utf-8", "replace")))
    return write_archive(layer, layer_sha256, recipe.tag, folder / "image.tar")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End mmdebstrap and all that it started, with time to undo its mounts."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_UNDO_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _draft_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gridle-image-"))
    try:
        yield folder
    finally:
        # Whatever mmdebstrap left mounted there, the machine's /proc say, is not ours to remove.
        subprocess.run(
            ["rm", "-rf", "--one-file-system", str(folder)], stderr=subprocess.DEVNULL, check=False
        )


def debootstrap_command(recipe: ImageRecipe, suite: str) -> list[str]:
    """Return the command that writes the recipe's root filesystem to standard output.

    `extract` unpacks the named packages and what they depend on, without running any of their
    scripts; so the linker's cache and Python's modules are made by hooks here. Their sources are
    this machine's own.
    """
    command = ["mmdebstrap", "--quiet", "--variant=extract", "--format=tar"]
    command += [f"--include={','.join(recipe.packages)}", f"--hook-dir={_MERGED_USR}"]
    command += [
        f'--extract-hook=for d in "$1"/usr/lib/*/{folder}; do '
        'echo "${d#"$1"}" >> "$1/etc/ld.so.conf"; done'
        for folder in recipe.library_folders
    ]
    command.append('--extract-hook=ldconfig -X -r "$1"')
    if recipe.compile_python:
        command.append(
            '--extract-hook=chroot "$1" python3 -m compileall -q '
            "--invalidation-mode unchecked-hash /usr/lib/python3 || true"
        )
    return [*command, suite, "-", *_apt_sources()]


def _apt_sources() -> list[str]:
    """Return this machine's own lists of package sources."""
    folder = Path("/etc/apt/sources.list.d")
    found = [Path("/etc/apt/sources.list"), *sorted(folder.glob("*.list"))]
    found += sorted(folder.glob("*.sources"))
    return [str(file) for file in found if file.is_file() and file.stat().st_size]


def _suite() -> str:
    """Return the release's code name, such as `bookworm`."""
    try:
        lines = Path("/etc/os-release").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names: Mapping[str, str] = dict(line.split("=", 1) for line in lines if "=" in line)
    name = names.get("VERSION_CODENAME", "").strip('"')
    if not name:
        raise UnavailableError(
            "This is not Debian or Ubuntu, so base images cannot be made here; container practice "
            "jobs wait, WebAssembly jobs go on.",
            "本系统不是 Debian 或 Ubuntu，无法制作基础镜像；容器练习任务将等待，"
            "WebAssembly 任务照常进行。",
        )
    return name


def _run(recipe: ImageRecipe, command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(recipe, type(error).__name__) from error
    if done.returncode != 0:
        raise _failed(recipe, _cause(done.stderr))


def _cause(text: str) -> str:
    """Return the line that says why; Podman tries many formats and complains of each."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for start in ("* docker-archive:", "E:", "Error"):
        found = next((line for line in lines if line.startswith(start)), None)
        if found is not None:
            return found[-300:]
    return lines[-1][-300:] if lines else "no message"


def _failed(recipe: ImageRecipe, cause: str) -> UnavailableError:
    return UnavailableError(
        f"The base image of the job '{recipe.job}' could not be made ({cause}); its tasks wait, "
        "other jobs go on. Try `make setup` again later.",
        f"无法制作任务“{recipe.job}”的基础镜像（{cause}）；其任务将等待，其他任务照常进行。"
        "请稍后再次运行 `make setup`。",
    )


def build_missing(jobs: Path, say: Say) -> int:
    """Make the images of all jobs under `jobs` that lack theirs, saying what fails and why.

    Returns:
        The exit status for a program: 0, or that of the last error.
    """
    status = 0
    for recipe in read_recipes(jobs):
        try:
            build(recipe, say)
        except GridleError as error:
            say(error.sentence)
            status = error.exit_code
    return status


def _asked_to_end(*_: object) -> NoReturn:
    raise SystemExit(0)


def main(arguments: list[str]) -> int:
    """Build every missing image of the practice jobs; returns the exit status."""
    if arguments[:1] != ["build"] or len(arguments) > 2:  # noqa: PLR2004 # a verb and a folder
        sys.stderr.write("usage: python -m gridle.market.practice.images build [JOBS_FOLDER]\n")
        return 2
    signal.signal(signal.SIGTERM, _asked_to_end)
    jobs = Path(arguments[1]) if arguments[1:] else resources_folder() / "practice-jobs"
    return build_missing(jobs, lambda sentence: print(sentence, flush=True))  # noqa: T201 # a program


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
