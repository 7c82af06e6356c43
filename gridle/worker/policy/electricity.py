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
        TariffName,
        about(
            Sentence("Tariff by the hour", "分时电价"),
            help=Sentence(
                "The name of a tariff that Gridle knows or of a file of your own; empty where one "
                "price holds at all hours.",
                "Gridle 自带电价或您自己的电价文件的名称；若全天单价则留空。",
            ),
            example="shanghai-agriculture-below-1-kv",
        ),
    ] = ""
    """The name of a preset in `resources/tariffs` or a file in the worker's own `tariffs/`."""
    price_micros_per_kwh: Annotated[
        int,
        about(
            Sentence("Price without a tariff", "无分时电价时的单价"),
            unit="µ/kWh",
            least=0,
            most=10**12,
            example="650000",
            help=Sentence(
                "What a kilowatt-hour costs you at all hours, where no tariff is set.",
                "未设置分时电价时，您每千瓦时的全天价格。",
            ),
        ),
    ] = 0
    currency: Annotated[Currency, about(Sentence("Currency", "货币"), example="CNY")] = "USD"
    token_value_micros: Annotated[
        int,
        about(
            Sentence("What one whole token is worth", "一个完整代币的价值"),
            unit="µ",
            least=1,
            most=10**12,
            example="7200000",
            help=Sentence(
                "In your currency; by it pay and electricity are compared.",
                "以您的货币计；用于比较收入与电费。",
            ),
        ),
    ] = 1_000_000
    """In the currency above; the token is made to be worth one US dollar."""
    floor_micros_per_hour: Annotated[
        int,
        about(
            Sentence("Least that an hour of a core must leave", "每核心小时至少净赚"),
            unit="µ/h",
            least=0,
            most=10**12,
            help=Sentence(
                "After electricity. A task that would leave less at this hour is not run.",
                "扣除电费之后。若当前时段任务净收益低于此值则不运行。",
            ),
        ),
    ] = 0
    may_lose: Annotated[
        bool,
        about(
            Sentence("Work even at a loss", "亏损时也工作"),
            help=Sentence(
                "Runs tasks that cost more electricity than they pay.",
                "即使电费高于收入也运行任务。",
            ),
        ),
    ] = False
    wait_for_cheap_hours: Annotated[
        bool,
        about(
            Sentence(
                "Begin work in the day's cheapest hours alone", "仅在当天电价最低的时段开始任务"
            ),
            help=Sentence(
                "Each kilowatt-hour earns more, and there are fewer hours to earn in.",
                "每千瓦时收益更高，但可工作的时间更少。",
            ),
        ),
    ] = False
    core_power_mw: Annotated[
        int,
        about(
            Sentence("Power of one busy core", "单个满载核心的功率"),
            unit="mW",
            least=0,
            most=10**6,
            zero=Sentence("estimated", "估算"),
            help=Sentence(
                "Counts where this machine cannot measure it.", "本机无法测量功率时使用此值。"
            ),
        ),
    ] = 0
