"""`make bench`: run every benchmark (or those whose rows begin with ONLY), print one table."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.benchmarks.table import Row, render, write

RESULT = Path("build/bench.json")

BENCHMARKS: dict[str, tuple[str, ...]] = {
    "first_paid": ("first_paid_s",),
    "pause": ("pause_x11_p50_ms", "pause_x11_p99_ms", "pause_x11_worst_ms"),
    "pause_wayland": (
        "pause_wayland_p50_ms",
        "pause_wayland_p99_ms",
        "pause_wayland_worst_ms",
    ),
    "cpu_limit": (
        "cpu_limit_mean_error_points",
        "cpu_limit_std_points",
        *(
            f"cpu_limit_{kind}_{level}_{figure}_points"
            for kind in ("wasm", "container", "together")
            for level in (5, 10, 25, 50, 75, 90)
            for figure in ("error", "std")
        ),
    ),
    "foreground": (
        "foreground_slowdown_pct",
        "foreground_missed_frames_pct",
        "foreground_frame_p99_ms",
    ),
    "worker_idle": ("worker_idle_rss_mb", "worker_idle_cpu_pct", "worker_idle_wakeups_per_s"),
    "chaos": (
        "chaos_kills",
        "chaos_tasks_done",
        "chaos_left_behind",
        "chaos_lost_results",
        "chaos_double_results",
        "chaos_wrong_results",
        "chaos_orphan_worst_s",
        "chaos_lost_work_worst_s",
    ),
    "efficiency": (
        *(
            f"{sandbox}_efficiency{kind}"
            for sandbox in ("wasm", "container", "gvisor")
            for kind in ("", "_integer", "_floating", "_memory", "_file")
        ),
    ),
    "start_up": (
        "container_start_ratio",
        "container_start_s",
        "container_start_cold_ratio",
        "container_run_ratio",
        "wasm_start_ms",
        "wasm_start_cold_ms",
    ),
    "profit": (
        "profit_tasks_below_floor",
        "profit_waiting_gain_pct",
        "profit_waiting_gain_per_kwh_pct",
        "profit_waiting_gain_if_busy_pct",
    ),
    "gas": (
        "gas_first_redemption",
        "gas_redemption",
        "gas_further_voucher",
        "gas_deposit",
    ),
}
"""Module in this folder, and the names of the rows it yields from `measure()`."""


def main() -> int:
    """Run; the exit status is 1 if a benchmark broke."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help="measure only rows whose name begins so")
    only = parser.parse_args().only
    rows: list[Row] = []
    broken = False
    for module_name, names in BENCHMARKS.items():
        if not any(name.startswith(only) for name in names):
            continue
        sys.stderr.write(f"measuring {module_name} …\n")
        started = time.monotonic()
        measure: Callable[[], Iterable[Row]] = importlib.import_module(
            f"tests.benchmarks.{module_name}"
        ).measure
        try:
            rows += [row for row in measure() if row.name.startswith(only)]
        except Exception as error:  # noqa: BLE001 - one broken benchmark must not hide the others
            broken = True
            sys.stderr.write(f"{module_name} broke: {error}\n")
        sys.stderr.write(f"{module_name} took {time.monotonic() - started:.0f} s\n")
    sys.stdout.write(render(rows) + "\n")
    write(rows, RESULT)
    return int(broken or not rows)


if __name__ == "__main__":
    sys.exit(main())
