"""Put the tasks' histograms together: a loss distribution with value-at-risk marked.

Usage: python -I combine.py RESULTS_FOLDER OUT_FOLDER   (works with the results there are so far)
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TASKS_TOTAL = 10
BINS, BIN_WIDTH, LOWEST_LOSS = 1200, 0.0005, -0.30
PORTFOLIO_USD = 1_000_000
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 960, 560, 60, 118, 70
SHOWN_FROM, SHOWN_TO, SHOWN_STEP = -0.12, 0.16, 4  # in shares of the portfolio; bins per bar


@dataclass(frozen=True)
class Risk:
    """Losses as shares of the portfolio over ten trading days."""

    paths: int
    var_95: float
    var_99: float
    shortfall_99: float
    loss_probability: float


def read_histograms(results: Path) -> tuple[list[int], int]:
    """Return the summed histogram and how many tasks are in it."""
    total, tasks = [0] * BINS, 0
    for file in sorted(results.glob("*/losses.json")):
        histogram = json.loads(file.read_bytes())["histogram"]
        total = [have + int(new) for have, new in zip(total, histogram, strict=True)]
        tasks += 1
    return total, tasks


def loss_at(bin_index: float) -> float:
    """Return the loss at a (fractional) bin edge."""
    return LOWEST_LOSS + bin_index * BIN_WIDTH


def quantile(histogram: list[int], share: float) -> float:
    """Return the loss that `share` of all paths stay below, interpolated within its bin."""
    wanted, below = share * sum(histogram), 0
    for i, count in enumerate(histogram):
        if below + count >= wanted:
            return loss_at(i + (wanted - below) / max(count, 1))
        below += count
    return loss_at(BINS)


def measure(histogram: list[int]) -> Risk:
    """Return the figures that a risk officer asks for."""
    paths = sum(histogram)
    var_99 = quantile(histogram, 0.99)
    tail = [(loss_at(i + 0.5), n) for i, n in enumerate(histogram) if loss_at(i + 0.5) >= var_99]
    return Risk(
        paths=paths,
        var_95=quantile(histogram, 0.95),
        var_99=var_99,
        shortfall_99=sum(x * n for x, n in tail) / max(sum(n for _, n in tail), 1),
        loss_probability=sum(n for i, n in enumerate(histogram) if loss_at(i + 0.5) > 0)
        / max(paths, 1),
    )


def x_of(loss: float) -> float:
    """Return a loss's place on the picture, in pixels."""
    span = (loss - SHOWN_FROM) / (SHOWN_TO - SHOWN_FROM)
    return LEFT + span * (WIDTH - 2 * LEFT)


def bars(histogram: list[int], risk: Risk) -> list[str]:
    """Return the distribution's bars, coloured by how bad they are."""
    first = round((SHOWN_FROM - LOWEST_LOSS) / BIN_WIDTH)
    last = round((SHOWN_TO - LOWEST_LOSS) / BIN_WIDTH)
    groups = [(i, sum(histogram[i : i + SHOWN_STEP])) for i in range(first, last, SHOWN_STEP)]
    highest = max((count for _, count in groups), default=1) or 1
    lines = []
    for i, count in groups:
        middle = loss_at(i + SHOWN_STEP / 2)
        colour = "#2f6f9f"
        if middle >= risk.var_99:
            colour = "#c0392b"
        elif middle >= risk.var_95:
            colour = "#e08e2b"
        height = count / highest * (HEIGHT - TOP - BOTTOM - 10)
        left, right = x_of(loss_at(i)), x_of(loss_at(i + SHOWN_STEP))
        lines.append(
            f'<rect x="{left:.2f}" y="{HEIGHT - BOTTOM - height:.2f}" '
            f'width="{right - left - 0.6:.2f}" height="{height:.2f}" fill="{colour}"/>'
        )
    return lines


def text(x: float, y: float, content: str, style: str = "") -> str:
    """Return one line of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{content}</text>'


def marks(risk: Risk) -> list[str]:
    """Return the three marked losses, the deeper the lower, so that no label covers another."""
    lines = []
    for row, (label, loss, colour) in enumerate(
        (
            ("VaR 95 %", risk.var_95, "#b86f14"),
            ("VaR 99 %", risk.var_99, "#c0392b"),
            ("Expected shortfall 99 %", risk.shortfall_99, "#7b1f14"),
        )
    ):
        x, y = x_of(loss), TOP + 60 + 66 * row
        lines.append(
            f'<line x1="{x:.1f}" y1="{y}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" '
            f'stroke="{colour}" stroke-width="1.6" stroke-dasharray="5 3"/>'
        )
        lines.append(text(x + 7, y + 6, label, f'font-size="14" fill="{colour}"'))
        amount = f"{loss:.2%} = ${loss * PORTFOLIO_USD:,.0f}"
        lines.append(
            text(x + 7, y + 27, amount, f'font-size="17" font-weight="bold" fill="{colour}"')
        )
    return lines


def draw(histogram: list[int], risk: Risk) -> str:
    """Return the whole picture as SVG."""
    base = HEIGHT - BOTTOM
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        f'width="{WIDTH}" height="{HEIGHT}" font-family="DejaVu Sans, sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fbfaf7"/>',
        text(LEFT, 46, "What ten trading days can cost", 'font-size="25" fill="#1d2a35"'),
        text(
            LEFT,
            76,
            f"Portfolio of ${PORTFOLIO_USD:,} in eight kinds of asset · "
            f"{risk.paths:,} simulated paths · a loss in {risk.loss_probability:.1%} of them",
            'font-size="14" fill="#5a6772"',
        ),
        *bars(histogram, risk),
        f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - LEFT}" y2="{base}" stroke="#1d2a35"/>',
        f'<line x1="{x_of(0):.1f}" y1="{TOP}" x2="{x_of(0):.1f}" y2="{base}" stroke="#8e959a"/>',
        *marks(risk),
    ]
    for percent in range(-12, 17, 4):
        label = f"{-percent:+d} %" if percent else "0"
        lines.append(
            text(
                x_of(percent / 100),
                base + 22,
                label,
                'font-size="13" text-anchor="middle" fill="#1d2a35"',
            )
        )
    style = 'font-size="13" fill="#5a6772"'
    lines.append(text(LEFT, HEIGHT - 18, "◀ gain", style))
    lines.append(text(WIDTH - LEFT, HEIGHT - 18, "loss ▶", style + ' text-anchor="end"'))
    return "\n".join([*lines, "</svg>\n"])


def write_whole(path: Path, content: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never half."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(content, "utf-8")
    draft.replace(path)


def main() -> int:
    """Combine what is there."""
    results, out = Path(sys.argv[1]), Path(sys.argv[2])
    histogram, tasks = read_histograms(results)
    if not tasks:
        print("There is no result yet.")
        return 1
    risk = measure(histogram)
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "loss-distribution.svg", draw(histogram, risk))
    table = [
        ["Measure", "Share", "USD"],
        *(
            [name, f"{loss:.2%}", f"{loss * PORTFOLIO_USD:,.0f}"]
            for name, loss in (
                ("Value-at-risk 95 %", risk.var_95),
                ("Value-at-risk 99 %", risk.var_99),
                ("Expected shortfall 99 %", risk.shortfall_99),
            )
        ),
    ]
    summary = {
        "title": "Value-at-risk of a portfolio",
        "headline": f"In 99 of 100 cases this portfolio loses less than "
        f"${risk.var_99 * PORTFOLIO_USD:,.0f} in ten trading days ({risk.paths:,} paths).",
        "image": "loss-distribution.svg",
        "table": table,
        "tasks_done": tasks,
        "tasks_total": TASKS_TOTAL,
        "updated_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_whole(out / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
