"""Check one result of value_at_risk.wasm: recompute two blocks of paths, compare every bit.

Usage: python -I check.py RESULT_FOLDER ARGUMENTS...   (exit 0: accepted; 1: one sentence says why)

Which blocks are recomputed is drawn afresh at every check, so a provider cannot know which ones
to compute honestly. The histogram has to agree with all blocks' sums within its bin width.
"""

from __future__ import annotations

import csv
import json
import math
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAX_BYTES = 2**21
MASK = 2**64 - 1
DAYS, BINS, BIN_WIDTH, LOWEST_LOSS = 10, 1200, 0.0005, -0.30
GARCH_SHOCK, GARCH_MEMORY, TRADING_DAYS = 0.08, 0.90, 252.0
SAMPLED_BLOCKS = 2


class WrongResultError(Exception):
    """The result is not what the program computes."""


@dataclass(frozen=True)
class Portfolio:
    """Values in USD, daily variances and drifts, and the correlations' Cholesky factor."""

    values: list[float]
    variances: list[float]
    drifts: list[float]
    factor: list[list[float]]


class Generator:
    """The same splitmix64 and Student-t shocks as in value_at_risk.c."""

    def __init__(self, seed: int, block: int) -> None:
        self.state = (seed * 0xD1342543DE82EF95 + block) & MASK
        self.state = self.bits()

    def bits(self) -> int:
        """Return 64 random bits."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = ((self.state ^ (self.state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def shock(self) -> float:
        """Return a Student-t variate with four degrees of freedom and variance 1."""
        w = 0.0
        u = 0.0
        while w >= 1.0 or w == 0.0:
            u = (self.bits() >> 11) * 2.0**-52 - 1.0
            v = (self.bits() >> 11) * 2.0**-52 - 1.0
            w = u * u + v * v
        return u * math.sqrt(2.0 * (1.0 / math.sqrt(w) - 1.0) / w)


def read_portfolio() -> Portfolio:
    """Read the requestor's own copies of the two inputs."""
    with (HERE / "portfolio.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    volatilities = [float(row["annual_volatility"]) for row in rows]
    with (HERE / "correlation.csv").open(newline="", encoding="utf-8") as file:
        correlation = [[float(cell) for cell in row] for row in csv.reader(file)]
    return Portfolio(
        values=[float(row["value_usd"]) for row in rows],
        variances=[v * v / TRADING_DAYS for v in volatilities],
        drifts=[float(row["annual_return"]) / TRADING_DAYS for row in rows],
        factor=cholesky(correlation),
    )


def cholesky(matrix: list[list[float]]) -> list[list[float]]:
    """Return the lower Cholesky factor, summed in the same order as in C."""
    factor = [list(row) for row in matrix]
    for i, row in enumerate(factor):
        for j in range(i + 1):
            total = row[j]
            for k in range(j):
                total -= row[k] * factor[j][k]
            row[j] = math.sqrt(total) if i == j else total / factor[j][j]
    return factor


def path_loss(portfolio: Portfolio, generator: Generator) -> float:
    """Return one path's loss as a share of the portfolio's value."""
    values, variances = list(portfolio.values), list(portfolio.variances)
    for _ in range(DAYS):
        shocks = [generator.shock() for _ in values]
        for i, drift in enumerate(portfolio.drifts):
            z = 0.0
            for j in range(i + 1):
                z += portfolio.factor[i][j] * shocks[j]
            growth = 1.0 + drift + math.sqrt(variances[i]) * z
            values[i] *= max(growth, 0.0)
            variances[i] = (1.0 - GARCH_SHOCK - GARCH_MEMORY) * portfolio.variances[i] + (
                GARCH_SHOCK * (z * z) + GARCH_MEMORY
            ) * variances[i]
    # Not sum(): newer Pythons sum floats with compensation, C does not.
    end_usd = total_usd = 0.0
    for end, start in zip(values, portfolio.values, strict=True):
        end_usd += end
        total_usd += start
    return 1.0 - end_usd / total_usd


def block_summary(
    portfolio: Portfolio, seed: int, block: int, block_paths: int
) -> tuple[float, float]:
    """Return the sum of a block's losses and its worst loss."""
    generator = Generator(seed, block)
    total, worst = 0.0, -1.0
    for _ in range(block_paths):
        loss = path_loss(portfolio, generator)
        total += loss
        worst = max(worst, loss)
    return total, worst


def check(untrusted_file: Path, arguments: list[str]) -> None:
    """Check one result file against the task's arguments.

    Raises:
        WrongResultError: the result is not what the program computes.
        OSError, ValueError, KeyError, TypeError, OverflowError: the file is missing or malformed.
    """
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    seed, blocks = int(options["--seed"]), int(options["--blocks"])
    block_paths = int(options["--block-paths"])
    if untrusted_file.stat().st_size > MAX_BYTES:
        raise WrongResultError("The result is larger than this job's results are.")
    untrusted = json.loads(untrusted_file.read_bytes())
    summaries = [(float(total), float(worst)) for total, worst in untrusted["blocks"]]
    histogram = [int(count) for count in untrusted["histogram"]]
    if len(summaries) != blocks or len(histogram) != BINS or min(histogram) < 0:
        raise WrongResultError("The result does not hold as many blocks or bins as was asked for.")
    check_histogram(histogram, summaries, blocks * block_paths)
    portfolio = read_portfolio()
    for _ in range(SAMPLED_BLOCKS):
        block = secrets.randbelow(blocks)
        if block_summary(portfolio, seed, block, block_paths) != summaries[block]:
            raise WrongResultError(f"Block {block} was recomputed and is different.")


def check_histogram(histogram: list[int], summaries: list[tuple[float, float]], paths: int) -> None:
    """Check the histogram's count and mean, and that its tail is the blocks' worst losses.

    Raises:
        WrongResultError: they do not agree.
    """
    if sum(histogram) != paths:
        raise WrongResultError("The histogram does not hold as many paths as was asked for.")
    mean = sum(total for total, _ in summaries) / paths
    middle = sum(n * (LOWEST_LOSS + (i + 0.5) * BIN_WIDTH) for i, n in enumerate(histogram)) / paths
    if not abs(mean - middle) < BIN_WIDTH:
        raise WrongResultError("The histogram's mean is not the mean of the blocks.")
    for i in range(BINS - 1, BINS // 2, -1):
        low = LOWEST_LOSS + i * BIN_WIDTH
        if sum(histogram[i:]) < sum(worst >= low + BIN_WIDTH * 1e-6 for _, worst in summaries):
            raise WrongResultError("The histogram lacks losses that its blocks name.")


def main() -> int:
    """Check what the command line names."""
    try:
        check(Path(sys.argv[1]) / "losses.json", sys.argv[2:])
    except WrongResultError as error:
        print(error)
        return 1
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        print(f"The result cannot be read ({type(error).__name__}).")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
