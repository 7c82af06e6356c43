"""What goes into a practice job's base image: the text of its `packages.txt`, checked.

A line is a Debian package's name, or one of
    drop GLOB           leave out the files whose path (without leading slash) matches
    libraries FOLDER    a folder under /usr/lib/<architecture>/ that the linker shall search,
                        where Debian would have made a link by `alternatives`
    compile-python      compile all Python modules, since the image is read-only when it runs
`#` starts a comment.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from dataclasses import dataclass

from gridle.market.protocol.errors import InvalidInputError

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]{1,80}")
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_GLOB = re.compile(r"[A-Za-z0-9_.+*?/\[\]-]+")
_INSTRUCTIONS = ("drop", "libraries")
_FORMAT = 3  # raised whenever the same recipe would make another image

ALWAYS_DROPPED = (
    "dev/*",
    "etc/apt/*",
    "etc/hostname",  # this machine's own, which mmdebstrap copies
    "etc/hosts",
    "etc/machine-id",
    "etc/resolv.conf",
    "tmp/*",
    "usr/share/doc/*",
    "usr/share/info/*",
    "usr/share/lintian/*",
    "usr/share/locale/*",
    "usr/share/man/*",
    "var/cache/*",
    "var/lib/apt/*",
    "var/lib/dpkg/*",
    "var/log/*",
)


@dataclass(frozen=True)
class ImageRecipe:
    """A checked recipe; `job` is the name of the practice job it belongs to."""

    job: str
    packages: tuple[str, ...]
    drops: tuple[str, ...]
    library_folders: tuple[str, ...]
    compile_python: bool
    digest: str
    """SHA-256 of the recipe's text and of how this version of Gridle builds it, in hex."""

    @property
    def tag(self) -> str:
        """The name under which a container engine keeps the image."""
        return f"localhost/gridle-practice-{self.job}:{self.digest[:12]}"

    def keeps(self, path: str) -> bool:
        """Tell whether a file (path without leading slash) belongs into the image."""
        return not any(fnmatch.fnmatchcase(path, glob) for glob in self.drops)


def parse_recipe(job: str, text: str) -> ImageRecipe:
    """Read a recipe.

    Raises:
        InvalidInputError: a line is none of those named above, or no package is named.
    """
    packages: list[str] = []
    drops = list(ALWAYS_DROPPED)
    folders: list[str] = []
    compile_python = False
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        match words:
            case []:
                pass
            case ["compile-python"]:
                compile_python = True
            case ["drop", glob] if _GLOB.fullmatch(glob):
                drops.append(glob)
            case ["libraries", folder] if _FOLDER.fullmatch(folder):
                folders.append(folder)
            case [package] if _PACKAGE.fullmatch(package) and package not in _INSTRUCTIONS:
                packages.append(package)
            case _:
                raise _malformed(job, number)
    if not packages:
        raise _malformed(job, 1)
    content = f"{_FORMAT}\n{text}".encode()
    return ImageRecipe(
        job=job,
        packages=tuple(packages),
        drops=tuple(drops),
        library_folders=tuple(folders),
        compile_python=compile_python,
        digest=hashlib.sha256(content).hexdigest(),
    )


def _malformed(job: str, number: int) -> InvalidInputError:
    return InvalidInputError(
        f"Line {number} of packages.txt of the job '{job}' is not a package's name or a known "
        "instruction; correct it.",
        f"任务“{job}”的 packages.txt 第 {number} 行既不是软件包名，也不是已知的指令；请更正。",
    )
