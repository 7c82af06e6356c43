"""Where tariffs come from: the presets in `resources/tariffs`, and the owner's own files.

The owner's own are `tariffs/NAME.json` in the worker's home, in the same format
(`docs/tariffs.md`). They are read and never written: one that is wrong is said so and left as it
is. An own file wins over a preset of the same name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gridle.market.protocol.codec import decode
from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.resources_folder import resources_folder
from gridle.worker.policy.electricity import Electricity
from gridle.worker.policy.tariff import Tariff
from gridle.worker.policy.tariff_book import TariffBook
from gridle.worker.policy.tariff_rules import tariffs_of

FOLDER = "tariffs"
_MAX_BYTES = 2**20
_STEM = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")


def list_presets() -> tuple[Tariff, ...]:
    """Return every tariff that is shipped, in the order of their names."""
    return tuple(tariff for path in _files(resources_folder() / FOLDER) for tariff in _read(path))


def load_tariff(name: str, home: Path) -> Tariff:
    """Return the tariff of this name.

    Raises:
        InvalidInputError: there is none, or its file is malformed.
        UnavailableError: its file cannot be read.
    """
    for folder in (home / FOLDER, resources_folder() / FOLDER):
        for path in _files(folder):
            if name == path.stem or name.startswith(f"{path.stem}-"):
                for tariff in _read(path):
                    if tariff.preset_id == name:
                        return tariff
    raise InvalidInputError(
        f"There is no tariff named '{name}', neither among Gridle's own nor in {home / FOLDER}; "
        "choose another, or put its file there.",
        f"没有名为“{name}”的电价，Gridle 自带的和 {home / FOLDER} 中都没有；"
        "请选择其他电价，或将文件放到该处。",
    )


def tariff_of(electricity: Electricity, home: Path) -> Tariff | None:
    """Return the tariff that the owner chose; None where one price holds at all hours.

    Raises:
        InvalidInputError: it is not there, malformed, or in another currency than the owner's
            value of a token, so that pay and cost could not be compared.
        UnavailableError: its file cannot be read.
    """
    if not electricity.tariff:
        return None
    tariff = load_tariff(electricity.tariff, home)
    if tariff.currency != electricity.currency:
        raise InvalidInputError(
            f"The tariff '{electricity.tariff}' is in {tariff.currency} and your settings are in "
            f"{electricity.currency}; set the currency to {tariff.currency}, and what one token "
            "is worth in it.",
            f"电价“{electricity.tariff}”以 {tariff.currency} 计价，而您的设置为 "
            f"{electricity.currency}；请将货币设为 {tariff.currency}，并设置一个代币折合多少。",
        )
    return tariff


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.glob("*.json") if path.is_file())


def _read(path: Path) -> tuple[Tariff, ...]:
    if not _STEM.fullmatch(path.stem):
        raise InvalidInputError(
            f"The tariff file {path} needs a name of lower-case letters, digits and dashes.",
            f"电价文件 {path} 的名称只能含小写字母、数字和连字符。",
        )
    try:
        with path.open("rb") as file:
            untrusted = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UnavailableError(
            f"The tariff file {path} cannot be read ({error.strerror}); check its permissions.",
            f"无法读取电价文件 {path}（{error.strerror}）；请检查权限。",
        ) from error
    try:
        book = decode(untrusted, TariffBook, what=f"tariff file {path}", max_bytes=_MAX_BYTES)
        return tariffs_of(book, path.stem)
    except InvalidInputError as error:
        raise InvalidInputError(
            f"{path.name}: {error.sentence.en}", f"{path.name}：{error.sentence.zh}"
        ) from error
