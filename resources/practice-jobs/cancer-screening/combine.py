"""Name the best model of all parts of the grid that are there so far.

Usage: python -I combine.py RESULTS_FOLDER OUT_FOLDER   (works with the results there are so far)
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # `python -I` leaves it out

from screening import Candidate, Score, read_candidates, score

TASKS_TOTAL = 11
NAMES = {
    "logistic": "Logistic regression",
    "svm": "Support vector machine",
    "neighbours": "Nearest neighbours",
    "network": "Neural network",
    "forest": "Random forest",
    "extra-trees": "Extremely random trees",
}
WIDTH, LEFT, RIGHT, TOP, ROW = 960, 280, 60, 130, 62
AXIS_FROM, AXIS_TO = 0.96, 1.0


@dataclass(frozen=True)
class Scored:
    """A candidate with its score."""

    candidate: Candidate
    score: Score

    @property
    def name(self) -> str:
        """The kind of model, for a person."""
        return NAMES.get(self.candidate.model, self.candidate.model)

    @property
    def settings(self) -> str:
        """The settings, for a person."""
        return ", ".join(f"{key} {value}" for key, value in self.candidate.settings.items())


def read_results(results: Path) -> tuple[list[Scored], int]:
    """Return every candidate with its score, and how many tasks they come from."""
    files = sorted(results.glob("*/scores.json"))
    found = [Scored(one, score(one)) for file in files for one in read_candidates(file)]
    return found, len(files)


def best_of_each_kind(found: list[Scored]) -> list[Scored]:
    """Return the best candidate of each kind of model, the best first."""
    best: dict[str, Scored] = {}
    for one in sorted(found, key=lambda scored: scored.score.auc):
        best[one.candidate.model] = one
    return sorted(best.values(), key=lambda scored: -scored.score.auc)


def text(x: float, y: float, content: str, style: str) -> str:
    """Return one line of text."""
    escaped = content.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escaped}</text>'


def x_of(auc: float) -> float:
    """Return a score's place on the picture, in pixels."""
    share = (min(max(auc, AXIS_FROM), AXIS_TO) - AXIS_FROM) / (AXIS_TO - AXIS_FROM)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def bar(rank: int, one: Scored) -> list[str]:
    """Return one model's bar: its mean score, with a whisker of one standard deviation."""
    y = TOP + ROW * rank
    colour = "#1f7a6d" if rank == 0 else "#8fb8b2"
    middle, deviation = one.score.auc, one.score.auc_deviation
    y_whisker = y + 15
    return [
        text(LEFT - 14, y + 14, one.name, 'font-size="15" text-anchor="end" fill="#1d2a35"'),
        text(LEFT - 14, y + 31, one.settings, 'font-size="11" text-anchor="end" fill="#5a6772"'),
        f'<rect x="{LEFT}" y="{y}" width="{x_of(middle) - LEFT:.1f}" height="30" fill="{colour}"/>',
        f'<line x1="{x_of(middle - deviation):.1f}" y1="{y_whisker}"',
        f'x2="{x_of(middle + deviation):.1f}" y2="{y_whisker}" stroke="#1d2a35" stroke-width="2"/>',
        text(LEFT + 10, y + 20, f"{middle:.4f}", 'font-size="14" fill="#ffffff"'),
    ]


def draw(best: list[Scored], candidates: int) -> str:
    """Return the picture: one bar for each kind of model."""
    height = TOP + ROW * len(best) + 70
    base = height - 62
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
        f'width="{WIDTH}" height="{height}" font-family="DejaVu Sans, sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fbfaf7"/>',
        text(40, 46, "Which model tells tumours apart best?", 'font-size="25" fill="#1d2a35"'),
        text(
            40,
            76,
            f"Best of {candidates} candidates by area under the ROC curve, on patients that the "
            "model had not seen",
            'font-size="14" fill="#5a6772"',
        ),
    ]
    for step in range(5):
        value = AXIS_FROM + step * (AXIS_TO - AXIS_FROM) / 4
        x = x_of(value)
        lines.append(
            f'<line x1="{x:.1f}" y1="{TOP - 16}" x2="{x:.1f}" y2="{base}" stroke="#d9d6cd"/>'
        )
        style = 'font-size="12" text-anchor="middle" fill="#5a6772"'
        lines.append(text(x, base + 18, f"{value:.2f}", style))
    for rank, one in enumerate(best):
        lines += bar(rank, one)
    note = (
        "569 patients, 5 folds × 3 repeats; whiskers: one standard deviation. Not medical advice."
    )
    lines.append(text(40, height - 14, note, 'font-size="12" fill="#5a6772"'))
    return "\n".join([*lines, "</svg>\n"])


def table(best: list[Scored]) -> list[list[str]]:
    """Return the figures in rows, the header first."""
    return [
        ["Model", "Settings", "AUC", "Accuracy", "Malignant found"],
        *(
            [
                one.name,
                one.settings,
                f"{one.score.auc:.4f} ± {one.score.auc_deviation:.4f}",
                f"{one.score.accuracy:.1%}",
                f"{one.score.sensitivity:.1%}",
            ]
            for one in best
        ),
    ]


def write_whole(path: Path, content: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never half."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(content, "utf-8")
    draft.replace(path)


def main() -> int:
    """Combine what is there."""
    results, out = Path(sys.argv[1]), Path(sys.argv[2])
    found, tasks = read_results(results)
    if not found:
        print("There is no result yet.")
        return 1
    best = best_of_each_kind(found)
    winner = best[0]
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "models.svg", draw(best, len(found)))
    summary = {
        "title": "Breast-cancer screening: the best model",
        "headline": f"{winner.name} ({winner.settings}) does best of {len(found)} candidates: AUC "
        f"{winner.score.auc:.4f}, {winner.score.accuracy:.1%} right. Not medical advice.",
        "image": "models.svg",
        "table": table(best),
        "tasks_done": tasks,
        "tasks_total": TASKS_TOTAL,
        "updated_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_whole(out / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
