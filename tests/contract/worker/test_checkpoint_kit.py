"""A Python task that keeps its work with the kit: broken off anywhere, it ends as undisturbed."""

from __future__ import annotations

import queue
import random
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.practice.images import image_id, read_recipes
from gridle.market.protocol.manifest import CheckpointRule, ContainerRuntime, Resources
from gridle.resources_folder import resources_folder
from gridle.worker.sandbox.checkpoint_state import SavedState, place_state, take_state
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.port import Ending, Outcome, RunningTask, Share, TaskSpec
from tests.contract.worker.conftest import END_TIMEOUT_S

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

RULE = CheckpointRule(format_version=1, max_bytes=2**20)
TASK = """
import random, sys
import gridle_checkpoint as checkpoint

generator = random.Random(7)
state = checkpoint.load({"step": 0, "total": 0.0, "random": generator.getstate()})
generator.setstate(state["random"])
while state["step"] < 3000:
    state["random"] = generator.getstate()
    checkpoint.save_if_asked(state)
    state["total"] = sum((generator.gauss(0, 1) for _ in range(200)), state["total"] * 0.999)
    state["step"] += 1
with open("/out/result.txt", "w") as result:
    print(repr(state["total"]), generator.random(), file=result)
"""


@pytest.fixture
def runtime() -> ContainerRuntime:
    recipes = read_recipes(resources_folder() / "practice-jobs")
    with_python = next(each for each in recipes if each.job == "cancer-screening")
    image = image_id(with_python)
    if image is None:
        pytest.skip("the practice job's image with Python was not built: gridle practice does it")
    return ContainerRuntime(image_sha256=image, command=("/usr/bin/python3",))


@pytest.fixture
def sandbox() -> Iterator[ContainerSandbox]:
    profile = resources_folder() / "seccomp" / "task.json"
    made = ContainerSandbox(f"test-{secrets.token_hex(4)}", profile)
    yield made
    made.close()
    assert made.sweep() == 0


class Run:
    """One run of the task, from a state or from its beginning."""

    def __init__(
        self,
        sandbox: ContainerSandbox,
        runtime: ContainerRuntime,
        home: Path,
        state: SavedState | None = None,
    ) -> None:
        name = f"t{secrets.token_hex(4)}"
        self.folder = home / name
        (self.folder / "in").mkdir(parents=True)
        (self.folder / "out").mkdir()
        assert place_state(state, self.folder)
        shutil.copy(resources_folder() / "task-kit" / "gridle_checkpoint.py", self.folder / "in")
        (self.folder / "in" / "task.py").write_text(TASK)
        needs = Resources(reference_s=1.0)
        spec = TaskSpec(name, runtime, ("/in/task.py",), needs, self.folder, checkpoint=RULE)
        self.outcomes: queue.Queue[Outcome] = queue.Queue()
        self.task: RunningTask = sandbox.start(spec, Share(100.0), self.outcomes.put)

    def end(self) -> Ending:
        return self.outcomes.get(timeout=END_TIMEOUT_S).ending

    def result(self) -> str:
        assert self.end() is Ending.FINISHED
        return (self.folder / "out" / "result.txt").read_text()


@pytest.mark.parametrize("seed", range(2))
def test_broken_off_anywhere_it_ends_as_if_undisturbed(
    sandbox: ContainerSandbox, runtime: ContainerRuntime, tmp_path: Path, seed: int
) -> None:
    draw, state, count = random.Random(seed), None, 0  # noqa: S311 - a moment, not a secret
    whole = Run(sandbox, runtime, tmp_path).result()
    for number in range(3):
        run = Run(sandbox, runtime, tmp_path, state)
        time.sleep(draw.uniform(0.0, 0.5))  # the moment is what is drawn
        if run.task.save(END_TIMEOUT_S):
            count += 1
            state = take_state(run.folder, RULE, tmp_path / f"{number}.state")
            assert state is not None
        time.sleep(draw.uniform(0.0, 0.2))  # work that is lost
        run.task.stop()
        run.end()
    assert count > 0
    assert Run(sandbox, runtime, tmp_path, state).result() == whole
