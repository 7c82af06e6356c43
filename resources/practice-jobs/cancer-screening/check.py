"""Check one result of search.py by computing its scores again from the held-out probabilities.

Usage: python -I check.py RESULT_FOLDER ARGUMENTS...   (exit 0: accepted; 1: one sentence says why)

Training again would cost as much as the task. Instead every candidate of this part of the grid
must be there, with a probability for every patient in every repeat, and must rate the malignant
tumours above the benign ones in every fold as well as any sound model does on these data, without
being right more often than any can: invented numbers are worse than that, copied diagnoses better.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # `python -I` leaves it out

from screening import PATIENTS, REPEATS, Candidate, read_candidates, score

CANDIDATES = {
    ("logistic", 0): 8,
    ("logistic", 1): 8,
    ("svm", 0): 15,
    ("svm", 1): 15,
    ("neighbours", 0): 48,
    ("network", 0): 6,
    ("network", 1): 3,
    ("forest", 0): 4,
    ("forest", 1): 2,
    ("extra-trees", 0): 4,
    ("extra-trees", 1): 2,
}
LEAST_AUC, LEAST_FOLD_AUC, MOST_ACCURACY = 0.97, 0.93, 0.988


class WrongResultError(Exception):
    """The result is not what the program computes."""


def check_candidate(candidate: Candidate) -> None:
    """Check one candidate's probabilities.

    Raises:
        WrongResultError: they are incomplete or not believable.
    """
    complete = len(candidate.probabilities) == REPEATS and all(
        len(repeat) == PATIENTS and all(0.0 <= p <= 1.0 for p in repeat)
        for repeat in candidate.probabilities
    )
    if not complete:
        raise WrongResultError("A candidate lacks probabilities for some patients.")
    if len(set(candidate.probabilities)) != REPEATS:
        raise WrongResultError(
            "Two repeats of a candidate are the same, though their folds differ."
        )
    found = score(candidate)
    if found.auc < LEAST_AUC or found.lowest_fold_auc < LEAST_FOLD_AUC:
        raise WrongResultError("A candidate does worse than any sound model does on these data.")
    if found.accuracy > MOST_ACCURACY:
        raise WrongResultError("A candidate does better than any model can on unseen patients.")


def check(untrusted_file: Path, arguments: list[str]) -> None:
    """Check one result file against the task's arguments.

    Raises:
        WrongResultError: the result is not what the program computes.
        OSError, ValueError, KeyError, TypeError: the file is missing or malformed.
    """
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    model, part = options["--model"], int(options["--part"])
    candidates = read_candidates(untrusted_file)
    if {candidate.model for candidate in candidates} != {model}:
        raise WrongResultError("The result is about another model than was asked for.")
    settings = {repr(sorted(candidate.settings.items())) for candidate in candidates}
    if not len(settings) == len(candidates) == CANDIDATES[model, part]:
        raise WrongResultError("The result does not hold every candidate of this part of the grid.")
    for candidate in candidates:
        check_candidate(candidate)


def main() -> int:
    """Check what the command line names."""
    try:
        check(Path(sys.argv[1]) / "scores.json", sys.argv[2:])
    except WrongResultError as error:
        print(error)
        return 1
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        print(f"The result cannot be read ({type(error).__name__}).")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
