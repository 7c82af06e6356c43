from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gridle.market.practice.requestor_rounds import (
    OrderedJob,
    Rounds,
    advanced,
    to_order,
    under_way,
    unsent,
    with_job,
    with_over,
)
from gridle.market.protocol.money import JobOrder, SignedOrder

ORDER = SignedOrder(JobOrder("00" * 32, "0x" + "11" * 20, 1, 1), "0x" + "22" * 65)


def ordered(name: str, number: int, *, sent: bool = True, over: bool = False) -> OrderedJob:
    job_id = f"job-{number:016x}" if sent else None
    return OrderedJob(name, number, f"/{name}", ORDER, job_id, over)


def rounds_of(number: int, *jobs: OrderedJob) -> Rounds:
    return Rounds(number, {job.name: job for job in jobs})


def test_everything_is_ordered_at_first() -> None:
    assert to_order(Rounds(), {"b", "a"}) == ["a", "b"]


def test_nothing_is_ordered_twice_in_a_round() -> None:
    rounds = rounds_of(1, ordered("a", 1), ordered("b", 1, over=True), ordered("c", 1, sent=False))
    assert to_order(rounds, {"a", "b", "c"}) == []
    assert [job.name for job in unsent(rounds)] == ["c"]
    assert [job.name for job in under_way(rounds)] == ["a"]


def test_the_next_round_comes_when_all_are_over() -> None:
    rounds = rounds_of(1, ordered("a", 1, over=True), ordered("b", 1))
    assert advanced(rounds, {"a", "b"}, ()).number == 1
    assert advanced(with_over(rounds, "b"), {"a", "b"}, ()).number == 2


def test_a_stuck_job_holds_nobody_up_and_keeps_its_order() -> None:
    rounds = rounds_of(1, ordered("a", 1, over=True), ordered("b", 1))
    later = advanced(rounds, {"a", "b"}, {"b"})
    assert later.number == 2
    assert to_order(later, {"a", "b"}) == ["a"]


def test_no_round_passes_without_anything_done() -> None:
    rounds = rounds_of(1, ordered("a", 1), ordered("b", 1))
    assert advanced(rounds, {"a", "b"}, {"a", "b"}) == rounds


def test_a_job_whose_image_is_missing_holds_nobody_up() -> None:
    rounds = rounds_of(1, ordered("a", 1, over=True))
    assert advanced(rounds, {"a"}, ()).number == 2


def test_a_job_that_appears_joins_the_round() -> None:
    rounds = rounds_of(3, ordered("a", 3, over=True))
    assert advanced(rounds, {"a", "b"}, ()).number == 3
    assert to_order(rounds, {"a", "b"}) == ["b"]


class RoundsMachine(RuleBasedStateMachine):
    """Whatever happens, a job has one open order at most and one order a round."""

    def __init__(self) -> None:
        super().__init__()
        self.rounds = Rounds()
        self.seen: set[tuple[str, int]] = set()
        self.names = {"a", "b", "c"}

    @rule(names=st.sets(st.sampled_from(["a", "b", "c"])))
    def images_change(self, names: set[str]) -> None:
        self.names = names

    @rule()
    def order_one(self) -> None:
        for name in to_order(self.rounds, self.names)[:1]:
            before = self.rounds.jobs.get(name)
            assert before is None or before.is_over
            assert (name, self.rounds.number) not in self.seen
            self.seen.add((name, self.rounds.number))
            self.rounds = with_job(self.rounds, ordered(name, self.rounds.number, sent=False))

    @precondition(lambda self: bool(unsent(self.rounds)))
    @rule()
    def answer_comes(self) -> None:
        job = unsent(self.rounds)[0]
        self.rounds = with_job(self.rounds, ordered(job.name, job.round_number))

    @precondition(lambda self: bool(under_way(self.rounds)))
    @rule()
    def one_ends(self) -> None:
        self.rounds = with_over(self.rounds, under_way(self.rounds)[-1].name)

    @rule(stuck=st.sets(st.sampled_from(["a", "b", "c"])))
    def advance(self, stuck: set[str]) -> None:
        before = self.rounds.number
        self.rounds = advanced(self.rounds, self.names, stuck)
        assert self.rounds.number - before in (0, 1)

    @invariant()
    def orders_are_of_rounds_that_were(self) -> None:
        assert all(job.round_number <= self.rounds.number for job in self.rounds.jobs.values())


TestRounds = RoundsMachine.TestCase
