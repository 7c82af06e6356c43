"""What a file of tariffs must satisfy, and the tariffs that it makes once it does.

Every minute of every kind of day in every season has just one price: anything else is refused
with a sentence that says where.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.policy.tariff import DAY_MINUTES, DayPrices, Period, Tariff
from gridle.worker.policy.tariff_book import DayPlan, RateClass, TariffBook, VoltageLevel, title
from gridle.worker.policy.tariff_calendar import DayType, days_of_a_leap_year, seasons_on

_Runs = tuple[tuple[int, str], ...]
"""A day's bands, each with the minute at which it begins."""
_Bands = Mapping[tuple[str, DayType], _Runs]
_Prices = Mapping[str, Sequence[int | None]]


def tariffs_of(book: TariffBook, stem: str) -> tuple[Tariff, ...]:
    """Check a file and return its tariffs: each rate class at each voltage level that has it.

    Args:
        book: the file as it was decoded.
        stem: the file's name without `.json`, with which each tariff's own name begins.

    Raises:
        InvalidInputError: the file breaks a rule.
    """
    zone = _zone(book.timezone)
    _check_calendar(book)
    schedules = {
        name: _Schedule(name, plans, book).checked() for name, plans in book.schedules.items()
    }
    made: dict[str, Tariff] = {}
    for rate in book.rates:
        if rate.schedule not in schedules:
            raise _wrong(
                f"{rate.name} names the schedule {rate.schedule}, which is not there",
                f"{rate.name} 引用的时段表 {rate.schedule} 不存在",
            )
        columns = _columns(book, rate, schedules[rate.schedule])
        for level, days in columns:
            parts = (stem, rate.id, level.id if level else "")
            preset_id = "-".join(part for part in parts if part)
            if preset_id in made:
                raise _wrong(f"two tariffs are named {preset_id}", f"有两个电价都叫 {preset_id}")
            made[preset_id] = Tariff(
                preset_id,
                title(book, rate, level),
                book.source,
                book.currency,
                zone,
                book.calendar,
                days,
            )
    return tuple(made.values())


@dataclass(frozen=True)
class _Schedule:
    """The plans of one schedule, and the bands of each kind of day."""

    name: str
    plans: tuple[DayPlan, ...]
    book: TariffBook

    def checked(self) -> _Bands:
        """Return the bands by season and kind of day.

        Raises:
            InvalidInputError: a kind of day has no plan or two, or a minute no band or two.
        """
        seasons = self.book.calendar.season_names
        for plan in self.plans:
            if unknown := set(plan.seasons) - set(seasons):
                names = ", ".join(sorted(unknown))
                raise _wrong(
                    f"{self.name} names a season that is not there ({names})",
                    f"{self.name} 引用了不存在的季节（{names}）",
                )
        return {
            (season, day_type): self._runs(season, day_type)
            for season in seasons
            for day_type in DayType
        }

    def _runs(self, season: str, day_type: DayType) -> _Runs:
        plans = [plan for plan in self.plans if plan.is_for(season, day_type)]
        where = f"{self.name}, {season}, {day_type.value}"
        if len(plans) != 1:
            raise _wrong(
                f"{len(plans)} plans fit {where}; just one must",
                f"{where} 有 {len(plans)} 个时段方案；必须恰好一个",
            )
        found: list[str | None] = [None] * DAY_MINUTES
        for band, minute in _band_minutes(plans[0]):
            if (other := found[minute]) is not None:
                raise _wrong(
                    f"{_clock(minute)} is in {other} and in {band} ({where})",
                    f"{_clock(minute)} 同时属于 {other} 和 {band}（{where}）",
                )
            found[minute] = band
        bands = tuple(band for band in found if band is not None)
        if len(bands) != DAY_MINUTES:
            gap = _clock(found.index(None))
            raise _wrong(f"{gap} is in no band ({where})", f"{gap} 不属于任何时段（{where}）")
        return tuple(
            (at, band) for at, band in enumerate(bands) if at == 0 or band != bands[at - 1]
        )


def _band_minutes(plan: DayPlan) -> Iterator[tuple[str, int]]:
    for band, ranges in plan.bands.items():
        for hours in ranges:
            start, end = (_minute(clock) for clock in hours.split("-"))
            if start == end:
                raise _wrong(
                    f"{hours} holds no time; a whole day is 00:00-24:00",
                    f"{hours} 不含任何时间；全天应写作 00:00-24:00",
                )
            length = (end - start) % DAY_MINUTES or DAY_MINUTES
            yield from ((band, (start + step) % DAY_MINUTES) for step in range(length))


def _columns(
    book: TariffBook, rate: RateClass, bands: _Bands
) -> Iterator[tuple[VoltageLevel | None, Mapping[tuple[str, DayType], DayPrices]]]:
    """Yield each voltage level at which this class is offered, with its prices."""
    _check_table(book, rate, bands)
    levels: tuple[VoltageLevel | None, ...] = book.voltage_levels or (None,)
    for place, level in enumerate(levels):
        cells = [row[place] for rows in rate.micros_per_kwh.values() for row in rows.values()]
        if all(cell is None for cell in cells):
            continue
        if any(cell is None for cell in cells):
            name = level.name if level else rate.name
            raise _wrong(
                f"{rate.name}, {name}, has a price in some hours and none in others",
                f"{rate.name}（{name}）部分时段缺少价格",
            )
        yield (
            level,
            {
                key: DayPrices(_periods(runs, rate.micros_per_kwh[key[0]], place))
                for key, runs in bands.items()
            },
        )


def _check_table(book: TariffBook, rate: RateClass, bands: _Bands) -> None:
    width = len(book.voltage_levels) or 1
    used: dict[str, set[str]] = {}
    for (season, _day_type), runs in bands.items():
        used.setdefault(season, set()).update(band for _at, band in runs)
    found = {season: set(rows) for season, rows in rate.micros_per_kwh.items()}
    if used != found:
        raise _wrong(
            f"the prices of {rate.name} are not for the seasons and bands of its schedule",
            f"{rate.name} 的价格与其时段表的季节和时段不一致",
        )
    for rows in rate.micros_per_kwh.values():
        if any(len(row) != width for row in rows.values()):
            raise _wrong(
                f"a row of {rate.name} has not one price for each of the {width} voltage levels",
                f"{rate.name} 的某行价格数与 {width} 个电压等级不符",
            )


def _periods(runs: _Runs, prices: _Prices, place: int) -> tuple[Period, ...]:
    return tuple(Period(at, band, prices[band][place] or 0) for at, band in runs)


def _check_calendar(book: TariffBook) -> None:
    for day in days_of_a_leap_year():
        count = len(seasons_on(book.seasons, day))
        if count != 1:
            raise _wrong(
                f"{day} (month-day) is in {count} seasons; just one must hold it",
                f"{day}（月-日）属于 {count} 个季节；必须恰好一个",
            )
    if both := set(book.holidays) & set(book.working_days):
        day = f"{min(both)}"
        raise _wrong(f"{day} is a holiday and a working day", f"{day} 既是假日又是工作日")


def _zone(untrusted_name: str) -> ZoneInfo:
    try:
        return ZoneInfo(untrusted_name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _wrong(
            f"the time zone {untrusted_name} is not known here", f"未知时区 {untrusted_name}"
        ) from error


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _wrong(en: str, zh: str) -> InvalidInputError:
    return InvalidInputError(
        f"This tariff cannot be used: {en}. Correct its file.",
        f"无法使用此电价：{zh}。请更正其文件。",
    )
