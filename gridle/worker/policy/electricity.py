"""The owner's electricity: what it costs, what a token is worth, and the least that must be left.

Prices are integers in millionths of the owner's currency (`micros`).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.limit_meta import about

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
"""ISO 4217."""
TariffName = Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,99})?$(?!\n)")]


class Electricity(Struct, frozen=True, forbid_unknown_fields=True):
    """Without a tariff and a price, electricity counts as free."""

    tariff: Annotated[
        TariffName, about(Sentence("Tariff by the hour (none: the price below)", "分时电价"))
    ] = ""
    """The name of a preset in `resources/tariffs` or a file in the worker's own `tariffs/`."""
    price_micros_per_kwh: Annotated[
        int,
        about(
            Sentence("Price where there is no tariff", "无分时电价时的单价"),
            unit="µ/kWh",
            least=0,
            most=10**12,
        ),
    ] = 0
    currency: Annotated[Currency, about(Sentence("Currency", "货币"))] = "USD"
    token_value_micros: Annotated[
        int,
        about(
            Sentence("What one whole token is worth", "一个完整代币的价值"),
            unit="µ",
            least=1,
            most=10**12,
        ),
    ] = 1_000_000
    """In the currency above; the token is made to be worth one US dollar."""
    floor_micros_per_hour: Annotated[
        int,
        about(
            Sentence("Least that an hour's work must leave", "每小时至少净赚"),
            unit="µ/h",
            least=0,
            most=10**12,
        ),
    ] = 0
    may_lose: Annotated[
        bool, about(Sentence("Work even where it costs more than it pays", "亏损时也工作"))
    ] = False
    wait_for_cheap_hours: Annotated[
        bool, about(Sentence("Wait for the cheapest hours of the day", "等待当天电价最低的时段"))
    ] = False
    core_power_mw: Annotated[
        int,
        about(
            Sentence(
                "Power of one busy core where it cannot be measured (0: estimated)",
                "无法测量时单个满载核心的功率（0 为估算）",
            ),
            unit="mW",
            least=0,
            most=10**6,
        ),
    ] = 0
