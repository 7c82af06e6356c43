"""Try one part of the grid of models on the breast-cancer data, and score each by cross-validation.

Usage: python3 search.py --model NAME --part N --seed N   (writes /out/scores.json)

Every candidate is judged on patients that it was not trained on: the patients are dealt into five
folds by a rule that the requestor's check repeats, and each fold is predicted by a model that
learned from the four others. The probabilities themselves are the result, so that the check can
compute every score again.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

FOLDS, REPEATS = 5, 3
Candidate = tuple[dict[str, Any], Any]
"""A candidate's settings and its untrained model (scikit-learn has no types)."""


def logistic(part: int, seed: int) -> Iterator[Candidate]:
    """Yield linear models with few (l1) or small (l2) weights."""
    for strength in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)[part::2]:
        for penalty in ("l1", "l2"):
            settings = {"C": strength, "penalty": penalty}
            model = LogisticRegression(
                **settings, solver="saga", max_iter=4000, tol=1e-3, random_state=seed
            )
            yield settings, model


def support_vectors(part: int, seed: int) -> Iterator[Candidate]:
    """Yield support vector machines with radial kernels."""
    for strength in (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)[part::2]:
        for gamma in (0.002, 0.005, 0.01, 0.02, 0.04):
            settings = {"C": strength, "gamma": gamma}
            yield settings, SVC(**settings, probability=True, random_state=seed)


def neighbours(_part: int, _seed: int) -> Iterator[Candidate]:
    """Yield votes of the most similar patients."""
    for count in (3, 5, 7, 9, 11, 15, 21, 31):
        for weights in ("uniform", "distance"):
            for power in (1.0, 1.5, 2.0):
                settings = {"k": count, "weights": weights, "power": power}
                yield settings, KNeighborsClassifier(count, weights=weights, p=power)


def network(part: int, seed: int) -> Iterator[Candidate]:
    """Yield small neural networks."""
    for width in (8, 16, 32)[part::2]:
        for alpha in (0.01, 0.3, 3.0):
            settings = {"hidden": width, "alpha": alpha}
            model = MLPClassifier((width,), alpha=alpha, max_iter=150, tol=1e-3, random_state=seed)
            yield settings, model


def trees(kind: Any) -> Callable[[int, int], Iterator[Candidate]]:  # noqa: ANN401 # untyped library
    """Return the grid of one kind of ensemble of trees."""

    def grid(part: int, seed: int) -> Iterator[Candidate]:
        for depth in (4, 8, None)[part::2]:
            for leaf in (1, 3):
                settings = {"trees": 60, "depth": depth, "leaf": leaf}
                model = kind(60, max_depth=depth, min_samples_leaf=leaf, random_state=seed)
                yield settings, model

    return grid


GRIDS = {
    "logistic": logistic,
    "svm": support_vectors,
    "neighbours": neighbours,
    "network": network,
    "forest": trees(RandomForestClassifier),
    "extra-trees": trees(ExtraTreesClassifier),
}


def fold_of(patient: int, repeat: int) -> int:
    """Return the fold of a patient: a hash that check.py repeats."""
    mixed = (patient * 2654435761 + repeat * 40503 + 12345) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 15)) * 2246822519 & 0xFFFFFFFF) % 1000 % FOLDS


def held_out_probabilities(
    model: Any,  # noqa: ANN401 # untyped library
    features: np.ndarray,
    labels: np.ndarray,
    repeat: int,
) -> list[float]:
    """Return each patient's probability of a malignant tumour, by a model that never saw them."""
    folds = np.array([fold_of(patient, repeat) for patient in range(len(labels))])
    probabilities = np.zeros(len(labels))
    for fold in range(FOLDS):
        learner = make_pipeline(StandardScaler(), clone(model))
        learner.fit(features[folds != fold], labels[folds != fold])
        probabilities[folds == fold] = learner.predict_proba(features[folds == fold])[:, 1]
    return [round(float(p), 5) for p in probabilities]


def main() -> None:
    """Score this task's part of the grid."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, choices=GRIDS)
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    data = load_breast_cancer()
    labels = 1 - data.target  # there 0 is malignant; here 1 is
    found = [
        {
            "settings": settings,
            "probabilities": [
                held_out_probabilities(model, data.data, labels, repeat)
                for repeat in range(REPEATS)
            ],
        }
        for settings, model in GRIDS[options.model](options.part, options.seed)
    ]
    result = {"model": options.model, "part": options.part, "candidates": found}
    Path("/out/scores.json").write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main()
