from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.wasm import task_seed

MODULE = "a" * 64
WORDS = st.lists(
    st.text().map(lambda text: text.encode("utf-8", "ignore").decode().replace("\0", ""))
)


@given(WORDS, WORDS)
def test_a_seed_belongs_to_a_module_and_its_words(one: list[str], other: list[str]) -> None:
    seed = task_seed(MODULE, tuple(one))
    assert len(seed) == 32
    assert (seed == task_seed(MODULE, tuple(other))) == (one == other)
    assert seed != task_seed("b" * 64, tuple(one))


def test_replicas_on_other_machines_and_versions_have_the_same_seed() -> None:
    known = "7146296d998b69286d55fc9ed15a1beb"
    assert task_seed(MODULE, ("1", "x")).hex()[:32] == known
