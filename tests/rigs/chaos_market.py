"""A real market with two jobs that save their state, judged as their results come in."""

from __future__ import annotations

import platform
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import msgspec
import requests

from gridle.market.protocol import routes
from gridle.market.protocol.archive import unpack
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.ids import JobId, Sha256
from gridle.market.protocol.job_messages import JobDetail, JobStatus, JobSubmission
from gridle.market.protocol.manifest import (
    CheckpointRule,
    ContainerRuntime,
    MiB,
    Resources,
    Runtime,
    WasmRuntime,
)
from gridle.market.protocol.states import TaskState
from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.engine import Engine
from tests.rigs import sandbox_program
from tests.rigs.market_process import Customer, MarketRig

TASKS_EACH = 400
PRICE_UNITS = 10
INTERVAL_S = 4.0
RULE = CheckpointRule(format_version=1, interval_s=INTERVAL_S, grace_s=5.0, max_bytes=4096)
_RESOURCES = Resources(
    reference_s=10.0, memory_bytes=64 * MiB, output_max_bytes=65536, output_max_files=2
)


class ChaosMarket:
    """Orders the jobs, accepts what is right, and tells what became of every task."""

    def __init__(self, rig: MarketRig, engine: Engine | None, steps: int, folder: Path) -> None:
        self._rig = rig
        self._steps = str(steps)
        self._expected = self._undisturbed(folder)
        self._customer: Customer = rig.customer(1, 4 * TASKS_EACH * PRICE_UNITS)
        self._remove: list[str] | None = None
        self.jobs = [self._submit("sim-wasm", self._module())]
        if engine is not None:
            self.jobs.append(self._submit("sim-container", self._image(engine, folder)))
        self.wrong: list[str] = []
        self._over = threading.Event()
        self._judge = threading.Thread(target=self._judging, daemon=True)
        self._judge.start()

    def counts(self) -> dict[TaskState, int]:
        """Return how many tasks stand where."""
        found: dict[TaskState, int] = {}
        for job_id in self.jobs:
            for state, count in self._detail(job_id).status.task_counts.items():
                found[state] = found.get(state, 0) + count
        return found

    def cancel(self) -> None:
        """Offer no more; what is leased goes on."""
        for job_id in self.jobs:
            answer = self._customer.send("POST", routes.job_cancel(job_id), b"")
            assert answer.status_code == 200, answer.text

    def results_given_twice(self) -> int:
        """Return how many tasks were judged on more than one accepted attempt."""
        path = self._rig.folder / "market" / "market.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "SELECT count(*) FROM (SELECT task_id FROM attempts WHERE state = 'accepted'"
                " GROUP BY task_id HAVING count(*) > 1)"
            )
            return int(rows.fetchone()[0])

    def close(self) -> None:
        """Stop judging; remove the image."""
        self._over.set()
        self._judge.join(30)
        if self._remove is not None:
            subprocess.run(self._remove, check=True, capture_output=True)

    def _judging(self) -> None:
        while not self._over.wait(0.3):
            for job_id in self.jobs:
                for task in self._detail(job_id).tasks:
                    if task.state is TaskState.REVEALED and task.result_sha256 is not None:
                        right = self._is_right(task.result_sha256)
                        if not right:
                            self.wrong.append(task.task_id)
                        self._customer.judge(
                            job_id, task.task_id, task.result_sha256, accepted=right
                        )

    def _is_right(self, sha256: Sha256) -> bool:
        answer: requests.Response = self._customer.send("GET", routes.blob(sha256))
        try:
            files = unpack(answer.content, max_bytes=65536, max_files=2)
        except InvalidInputError:
            return False
        return files == {"result.txt": self._expected}

    def _detail(self, job_id: JobId) -> JobDetail:
        return self._customer.job(job_id)

    def _submit(self, name: str, runtime: Runtime) -> JobId:
        manifest = msgspec.structs.replace(
            self._customer.manifest(TASKS_EACH, PRICE_UNITS),
            name=name,
            runtime=runtime,
            resources=_RESOURCES,
            checkpoint=RULE,
            tasks=(("simulate", self._steps),) * TASKS_EACH,
        )
        order = self._customer.order(manifest)
        submission = JobSubmission(order)
        return self._customer.ask("POST", routes.JOBS, JobStatus, submission).job_id

    def _module(self) -> WasmRuntime:
        module = sandbox_program.build(sandbox_program.WASM_TARGET)
        return WasmRuntime(self._customer.upload(module.read_bytes()))

    def _image(self, engine: Engine, folder: Path) -> ContainerRuntime:
        program = sandbox_program.build(f"{platform.machine()}-linux-musl")
        tar = sandbox_program.image_tar(program, folder / "image.tar")
        command = [*base_argv(engine), "import", str(tar)]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        image = done.stdout.strip().removeprefix("sha256:")
        self._remove = [*base_argv(engine), "rmi", "--force", image]
        return ContainerRuntime(image, ("/task",))

    def _undisturbed(self, folder: Path) -> bytes:
        """Run the same program bare, from beginning to end."""
        source = folder / "bare.c"
        text = sandbox_program.SOURCE.read_text()
        for name in ("checkpoint", "out"):
            (folder / name).mkdir()
            text = text.replace(f'"/{name}/', f'"{name}/')
        source.write_text(text)
        program = sandbox_program.build(f"{platform.machine()}-linux-musl", source)
        subprocess.run([program, "simulate", self._steps], check=True, cwd=folder)
        return (folder / "out" / "result.txt").read_bytes()
