"""What the worker's state says to a person, the same in the terminal and in the window. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import Activity, WorkerState
from gridle.worker.policy.allowance import Reason, ReasonCode
from gridle.worker.policy.week_hours import DAY_NAMES

MICROS: Final = 10**6
_MJ_PER_KWH: Final = 3_600_000_000
_LEAST_DECIMALS: Final = 2
_KWH_DECIMALS: Final = 3
_WEEK: Final = timedelta(days=7)


def other_reasons(state: WorkerState) -> tuple[Reason, ...]:
    """Return the reasons that hold beside the deciding one.

    That it may work is no news where something else keeps it from working.
    """
    deciding = state.reason
    said = {deciding.code} | ({ReasonCode.AWAY} if state.activity is Activity.WAITING else set())
    return tuple(
        each
        for each in state.reasons
        if each.code not in said and each.sentence != deciding.sentence
    )


def end_of(reason: Reason, now: datetime) -> Sentence | None:
    """Say when a reason is expected to end, as a clock shows it at `now`'s place."""
    if reason.until is None or reason.until <= now.timestamp():
        return None
    until = datetime.fromtimestamp(reason.until, now.tzinfo)
    clock = until.strftime("%H:%M")
    if until.date() == now.date():
        return Sentence(f"Until {clock}.", f"到 {clock}。")
    if until - now < _WEEK:
        day = DAY_NAMES[until.weekday()]
        return Sentence(f"Until {day.en}, {clock}.", f"到{day.zh} {clock}。")
    return Sentence(f"Until {until.date()}, {clock}.", f"到 {until.date()} {clock}。")


def electricity(state: WorkerState) -> Sentence | None:
    """Say what electricity costs now and what today's work cost; None where no price is known."""
    price = state.price_micros_per_kwh
    if price is None:
        return None
    now = f"{amount(price)} {state.currency}/kWh"
    energy = f"{kwh(state.energy_today_mj)} kWh"
    cost = f"{amount(state.electricity_today_micros)} {state.currency}"
    return Sentence(
        f"Electricity now {now} · today {energy}, {cost}", f"当前电价 {now} · 今天 {energy}，{cost}"
    )


def amount(micros: int, least_decimals: int = _LEAST_DECIMALS) -> str:
    """Return millionths as a decimal number, exactly, without needless zeros at its end."""
    whole, fraction = divmod(abs(micros), MICROS)
    decimals = f"{fraction:06d}".rstrip("0").ljust(least_decimals, "0")
    sign = "-" if micros < 0 else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def kwh(energy_mj: int) -> str:
    """Return millijoules as kilowatt-hours, cut to watt-hours."""
    thousandths = energy_mj * 10**_KWH_DECIMALS // _MJ_PER_KWH
    whole, fraction = divmod(thousandths, 10**_KWH_DECIMALS)
    return f"{whole}.{f'{fraction:03d}'.rstrip('0') or '0'}"
