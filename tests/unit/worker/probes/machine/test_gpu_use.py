"""A card is somebody else's while they compute on it or draw in earnest, and never through us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.probes.machine.gpu_use import CardUsers, ForeignUse, foreign_use

OURS, TRAINING, DESKTOP, GAME = 10, 20, 30, 40
US = frozenset({OURS})
pids = st.frozensets(st.integers(1, 6))


def users(
    computing: set[int] | None = None,
    drawing: set[int] | None = None,
    whole: float = 0.0,
    shares: dict[int, float] | None = None,
) -> CardUsers:
    return CardUsers(frozenset(computing or ()), frozenset(drawing or ()), whole, shares)


@pytest.mark.parametrize(
    ("seen", "use"),
    [
        (users({OURS}, shares={OURS: 90.0}, whole=90), ForeignUse()),
        (users({OURS, TRAINING}, shares={OURS: 50.0}), ForeignUse(frozenset({TRAINING}), 0.0)),
        (users({TRAINING}, shares={TRAINING: 70.0}), ForeignUse(frozenset({TRAINING}), 70.0)),
        (users(drawing={DESKTOP}, shares={DESKTOP: 3.0}), ForeignUse(frozenset(), 3.0)),
        (users(drawing={DESKTOP}, shares={}), ForeignUse()),
        (
            users(drawing={DESKTOP, GAME}, shares={DESKTOP: 3.0, GAME: 5.0}),
            ForeignUse(frozenset({GAME}), 8.0),
        ),
        # On Windows a window's program is in both lists.
        (users({DESKTOP}, {DESKTOP}, shares={DESKTOP: 1.0}), ForeignUse(frozenset(), 1.0)),
        # Drivers that do not tell programs apart:
        (users({TRAINING}, {DESKTOP}, whole=40), ForeignUse(frozenset({TRAINING}), 40.0)),
        (users(drawing={DESKTOP}, whole=4), ForeignUse(frozenset(), 4.0)),
        (users(drawing={GAME}, whole=40), ForeignUse(frozenset({GAME}), 40.0)),
        (users({OURS}, {DESKTOP}, whole=95), ForeignUse()),
        (users(whole=95), ForeignUse()),
    ],
)
def test_who_counts(seen: CardUsers, use: ForeignUse) -> None:
    assert foreign_use(seen, US) == use


@given(
    pids,
    pids,
    st.floats(0, 100),
    st.none() | st.dictionaries(st.integers(1, 6), st.floats(0, 100)),
    pids,
)
def test_our_own_tasks_never_count(
    computing: frozenset[int],
    drawing: frozenset[int],
    whole: float,
    shares: dict[int, float] | None,
    ours: frozenset[int],
) -> None:
    use = foreign_use(CardUsers(computing, drawing, whole, shares), ours)
    assert not use.pids & ours
    assert use.pids <= computing | drawing
    assert 0.0 <= use.utilisation_percent <= 100.0
    alone = foreign_use(
        CardUsers(ours, frozenset(), whole, None if shares is None else dict.fromkeys(ours, 50.0)),
        ours,
    )
    assert alone == ForeignUse()
