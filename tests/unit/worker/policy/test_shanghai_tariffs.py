"""Every figure of Shanghai's published table is found again at the right hour and season."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gridle.worker.policy.tariff import Tariff
from gridle.worker.tariff_files import list_presets

SHANGHAI = ZoneInfo("Asia/Shanghai")
LEVELS = ("below-1-kv", "10-kv", "35-kv", "110-kv")
SUMMER_MONTHS = (7, 8, 9)

SINGLE = "VVVVVVPPPPPPPPPPPPPPPPVV"
TWO_NON_SUMMER = "VVVVVVFFPPPFFFFFFFPPPFVV"
TWO_SUMMER = "VVVVVVFFPPPFFPPFFFPPPFVV"
"""The band of each hour of the day, from midnight: Peak, Flat, Valley."""

HOURS = {
    "agriculture": (SINGLE, SINGLE),
    "general-commercial-single-rate": (SINGLE, SINGLE),
    "large-industry-two-part": (TWO_NON_SUMMER, TWO_SUMMER),
    "general-commercial-two-part": (TWO_NON_SUMMER, TWO_SUMMER),
}
TABLE: dict[str, dict[str, dict[str, tuple[float | None, ...]]]] = {
    "agriculture": {
        "non-summer": {"P": (0.749, 0.729, 0.709, None), "V": (0.383, 0.363, 0.343, None)},
        "summer": {"P": (0.749, 0.729, 0.709, None), "V": (0.383, 0.363, 0.343, None)},
    },
    "general-commercial-single-rate": {
        "non-summer": {"P": (0.894, 0.867, 0.840, None), "V": (0.417, 0.390, 0.363, None)},
        "summer": {"P": (0.925, 0.898, 0.871, None), "V": (0.448, 0.421, 0.394, None)},
    },
    "large-industry-two-part": {
        "non-summer": {
            "P": (1.106, 1.076, 1.046, 1.021),
            "F": (0.678, 0.648, 0.618, 0.593),
            "V": (0.316, 0.310, 0.304, 0.298),
        },
        "summer": {
            "P": (1.148, 1.118, 1.088, 1.063),
            "F": (0.720, 0.690, 0.660, 0.635),
            "V": (0.251, 0.245, 0.239, 0.233),
        },
    },
    "general-commercial-two-part": {
        "non-summer": {
            "P": (0.991, 0.964, 0.937, 0.914),
            "F": (0.602, 0.575, 0.548, 0.526),
            "V": (0.278, 0.273, 0.267, 0.262),
        },
        "summer": {
            "P": (1.022, 0.995, 0.968, 0.946),
            "F": (0.634, 0.607, 0.580, 0.557),
            "V": (0.220, 0.214, 0.209, 0.203),
        },
    },
}
"""CNY per kWh, as tabulated; None where a class is not offered at a voltage."""
BANDS = {"P": "peak", "F": "flat", "V": "valley"}
PRESETS: dict[str, Tariff] = {each.preset_id: each for each in list_presets()}


def test_each_class_is_offered_at_just_the_voltages_of_the_table() -> None:
    expected = {
        f"shanghai-{rate}-{level}"
        for rate, table in TABLE.items()
        for level, price in zip(LEVELS, table["summer"]["P"], strict=True)
        if price is not None
    }
    assert {name for name in PRESETS if name.startswith("shanghai-")} == expected
    assert len(expected) == 14


@pytest.mark.parametrize("rate", TABLE)
@pytest.mark.parametrize("month", range(1, 13))
def test_every_hour_of_every_month_has_the_tables_price(rate: str, month: int) -> None:
    is_summer = month in SUMMER_MONTHS
    hours = HOURS[rate][is_summer]
    prices = TABLE[rate]["summer" if is_summer else "non-summer"]
    days = (1, 2, 3, 4, 5, 6, 7, 28)
    clocks = ((day, hour, edge) for day in days for hour in range(24) for edge in (0, 59))
    moments = [
        datetime(2026, month, day, hour, edge, edge, tzinfo=SHANGHAI) for day, hour, edge in clocks
    ]
    for place, level in enumerate(LEVELS):
        if prices["P"][place] is None:
            continue
        tariff = PRESETS[f"shanghai-{rate}-{level}"]
        for at in moments:
            price, band = tariff.price_at(at.timestamp()), hours[at.hour]
            yuan = prices[band][place]
            assert yuan is not None
            assert price.micros_per_kwh == round(yuan * 1_000_000)
            assert price.band == BANDS[band]


def test_the_presets_say_where_their_figures_are_from() -> None:
    for tariff in PRESETS.values():
        assert "2019 research report" in tariff.source
        assert tariff.currency == "CNY"
        assert tariff.zone.key == "Asia/Shanghai"


def test_lhasas_price_is_one_at_all_hours() -> None:
    tariff = PRESETS["lhasa-data-centre"]
    for hour in range(24):
        at = datetime(2026, 8, 1, hour, tzinfo=SHANGHAI).timestamp()
        assert tariff.price_at(at).micros_per_kwh == 250_000
