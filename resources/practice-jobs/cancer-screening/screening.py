"""What check and combination share: the diagnoses, the folds and the scores of one candidate.

The diagnoses are those of the data set that scikit-learn ships (W. H. Wolberg, W. N. Street,
O. L. Mangasarian: Breast Cancer Wisconsin (Diagnostic), 1995; 569 patients).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDS, REPEATS, PATIENTS = 5, 3, 569
MAX_BYTES = 2**20
THRESHOLD = 0.5  # a tumour rated above it is called malignant
_DIAGNOSES = (
    "3ffffc7fff7fa0d8585ac6e2630900ec6b6484010d3309d44deea5e620c9a105fff81496"
    "000940008a1c2a203800dd820898101048005a094a018100202906a0958800b0000007e"
)
MALIGNANT = tuple(digit == "1" for digit in f"{int(_DIAGNOSES, 16):b}"[1:])
"""Each patient's diagnosis, in the data set's order."""


@dataclass(frozen=True)
class Candidate:
    """One model of the grid: `probabilities[repeat][patient]` of a malignant tumour."""

    model: str
    settings: dict[str, object]
    probabilities: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Score:
    """Cross-validated figures, each the mean over all folds of all repeats."""

    auc: float
    auc_deviation: float
    accuracy: float
    sensitivity: float
    """Share of the malignant tumours that are found."""
    lowest_fold_auc: float


def read_candidates(untrusted_file: Path) -> list[Candidate]:
    """Read a task's result.

    Raises:
        OSError, ValueError, KeyError, TypeError: it is missing or malformed.
    """
    if untrusted_file.stat().st_size > MAX_BYTES:
        raise ValueError("larger than a result can be")
    untrusted = json.loads(untrusted_file.read_bytes())
    return [
        Candidate(
            str(untrusted["model"]),
            dict(one["settings"]),
            tuple(tuple(map(float, repeat)) for repeat in one["probabilities"]),
        )
        for one in untrusted["candidates"]
    ]


def fold_of(patient: int, repeat: int) -> int:
    """Return the fold of a patient, by the same hash as in search.py."""
    mixed = (patient * 2654435761 + repeat * 40503 + 12345) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 15)) * 2246822519 & 0xFFFFFFFF) % 1000 % FOLDS


def area_under_curve(malignant: list[float], benign: list[float]) -> float:
    """Return the chance that a malignant tumour is rated above a benign one (ties count half)."""
    ranked = sorted([(p, True) for p in malignant] + [(p, False) for p in benign])
    wins = below = i = 0
    while i < len(ranked):
        end = i
        while end < len(ranked) and ranked[end][0] == ranked[i][0]:
            end += 1
        bad = sum(sick for _, sick in ranked[i:end])
        good = end - i - bad
        wins += 2 * bad * below + bad * good
        below += good
        i = end
    return wins / (2 * len(malignant) * len(benign))


def score(candidate: Candidate) -> Score:
    """Score a candidate from the probabilities alone."""
    aucs, right, found = [], 0, 0
    for repeat, probabilities in enumerate(candidate.probabilities):
        right += sum(
            (p >= THRESHOLD) == sick for p, sick in zip(probabilities, MALIGNANT, strict=True)
        )
        found += sum(
            p >= THRESHOLD and sick for p, sick in zip(probabilities, MALIGNANT, strict=True)
        )
        for fold in range(FOLDS):
            members = [i for i in range(PATIENTS) if fold_of(i, repeat) == fold]
            aucs.append(
                area_under_curve(
                    [probabilities[i] for i in members if MALIGNANT[i]],
                    [probabilities[i] for i in members if not MALIGNANT[i]],
                )
            )
    mean = sum(aucs) / len(aucs)
    return Score(
        auc=mean,
        auc_deviation=(sum((a - mean) ** 2 for a in aucs) / len(aucs)) ** 0.5,
        accuracy=right / (REPEATS * PATIENTS),
        sensitivity=found / (REPEATS * sum(MALIGNANT)),
        lowest_fold_auc=min(aucs),
    )
