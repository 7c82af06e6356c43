from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.home_lock import HomeLock
from gridle.market.protocol.errors import CorruptStateError, UnavailableError
from gridle.market.protocol.manifest import InputFile
from gridle.market.protocol.messages import CheckpointRef, Returned
from gridle.market.protocol.sealed_stream import MARK
from gridle.market.protocol.sentence import Sentence
from gridle.worker.bootstrap import LOCK_NAME
from gridle.worker.doctor_traces import LEDGER_NAME, traces_finding
from gridle.worker.ipc.messages import WorkerTaskState
from gridle.worker.ledger.connection import connect
from gridle.worker.ledger.images import ImageRecord, ImageTable
from gridle.worker.ledger.ledger import Ledger, open_ledger
from gridle.worker.ledger.live_view import read_live
from gridle.worker.ledger.outbox import Undelivered
from gridle.worker.sandbox.engine import Engine, Reply
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.traces import Live, Seen, find_traces, look
from gridle.worker.wipe_command import wipe_home
from tests.rigs.engine_answers import answers, docker_info, told, which
from tests.rigs.worker_jobs import lease, lease_id, manifest

LIVE, ENDED = lease_id(1), lease_id(2)
WANTED, UNWANTED, PUBLIC = "a" * 64, "b" * 64, "c" * 64
SEALED = MARK + b"ciphertext"


def fill(home: Path) -> None:
    """Leave everything that a live and an ended task can leave."""
    for each in (LIVE, ENDED):
        (home / "tasks" / each / "in").mkdir(parents=True)
        (home / "tasks" / each / "in" / "data").write_bytes(b"data")
        for name in (f"results/{each}.tar", f"checkpoints/{each}-1.sealed"):
            (home / name).parent.mkdir(exist_ok=True)
            (home / name).write_bytes(b"x" * 10)
    (home / "blobs").mkdir()
    for sha256, content in ((WANTED, SEALED), (UNWANTED, SEALED), (PUBLIC, b"a program")):
        (home / "blobs" / sha256).write_bytes(content)
    (home / "blobs" / f"{UNWANTED}.part").write_bytes(SEALED[:20])


ENDEDS = {
    Path("tasks") / ENDED,
    Path("results") / f"{ENDED}.tar",
    Path("checkpoints") / f"{ENDED}-1.sealed",
    Path("blobs") / UNWANTED,
    Path("blobs") / f"{UNWANTED}.part",
}


def sealed_lease(number: int, input_sha256: str) -> tuple[msgspec.Struct, ...]:
    job = msgspec.structs.replace(
        manifest(("echo", str(number))),
        data_class="sealed",
        result_key="d" * 64,
        inputs=(InputFile("data", input_sha256, 100),),
    )
    return job, lease(job, number)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(tmp_path / LEDGER_NAME, 0.0).ledger


def take_on(ledger: Ledger, number: int, input_sha256: str) -> None:
    job, its_lease = sealed_lease(number, input_sha256)
    ledger.tasks.add(its_lease, job, 0.0)  # type: ignore[arg-type] # the pair as made above


def end(ledger: Ledger, number: int) -> None:
    ledger.tasks.set_state(lease_id(number), WorkerTaskState.RETURNED, 1.0)


def test_what_belongs_to_no_live_task_is_found(tmp_path: Path) -> None:
    fill(tmp_path)
    seen = look(tmp_path)
    assert sum(each.files for each in seen) == 10
    traces = find_traces(seen, Live(frozenset({LIVE}), frozenset({WANTED})))
    assert {each.path for each in traces} == ENDEDS


@given(st.sampled_from(["tasks", "results", "checkpoints"]), st.text(min_size=1, max_size=20))
def test_whatever_has_no_lease_is_a_trace(folder: str, name: str) -> None:
    seen = Seen(Path(folder) / f"x{name}".replace("/", "_"), 1, 1)
    assert find_traces((seen,), Live(frozenset({LIVE}))) == (seen,)


def test_odd_things_are_counted_and_no_link_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "sub").mkdir(parents=True)
    (outside / "sub" / "mine").write_text("mine")
    home = tmp_path / "home"
    (home / "tasks").mkdir(parents=True)
    (home / "tasks" / ENDED).symlink_to(outside)
    (home / "blobs" / "folder").mkdir(parents=True)
    (home / "blobs" / "nowhere").symlink_to("nowhere")
    os.mkfifo(home / "tasks" / "pipe")
    os.mkfifo(home / "blobs" / "queue")
    seen = look(home)
    assert {each.path.name for each in seen} == {ENDED, "pipe", "folder", "nowhere", "queue"}
    wipe_home(home, 0.0, with_caches=True)
    assert (outside / "sub" / "mine").read_text() == "mine"
    assert not (home / "tasks" / ENDED).is_symlink()


class TestLedger:
    """What a ledger says is needed."""

    def test_live_tasks_need_their_files(self, tmp_path: Path, ledger: Ledger) -> None:
        job, its_lease = sealed_lease(1, WANTED)
        checkpointed = msgspec.structs.replace(its_lease, checkpoint=CheckpointRef("e" * 64, 5))
        ledger.tasks.add(checkpointed, job, 0.0)  # type: ignore[arg-type] # the pair as made above
        live = read_live(tmp_path / LEDGER_NAME)
        assert live.leases == {LIVE}
        assert {WANTED, "e" * 64} <= live.blobs
        assert live.remembered == 0
        ledger.close()

    def test_a_report_on_its_way_keeps_its_files(self, tmp_path: Path, ledger: Ledger) -> None:
        take_on(ledger, 1, WANTED)
        ledger.outbox.put(LIVE, (Undelivered(Returned(LIVE), None),))
        end(ledger, 1)
        assert read_live(tmp_path / LEDGER_NAME).leases == {LIVE}
        ledger.outbox.drop(LIVE)
        assert read_live(tmp_path / LEDGER_NAME) == Live()
        ledger.close()

    def test_without_a_ledger_nothing_is_needed(self, tmp_path: Path) -> None:
        assert read_live(tmp_path / LEDGER_NAME) == Live()

    def test_a_damaged_one_is_said(self, tmp_path: Path) -> None:
        (tmp_path / LEDGER_NAME).write_bytes(b"rubbish" * 1000)
        with pytest.raises(CorruptStateError):
            read_live(tmp_path / LEDGER_NAME)
        assert not traces_finding(tmp_path, lambda _: None).works

    def test_checkpoints_of_ended_tasks_are_forgotten(self, tmp_path: Path, ledger: Ledger) -> None:
        take_on(ledger, 1, WANTED)
        take_on(ledger, 2, UNWANTED)
        with sqlite3.connect(tmp_path / LEDGER_NAME) as other:
            for each in (LIVE, ENDED):
                other.execute("INSERT INTO checkpoints VALUES (?, 1, '', 1, 0, 0)", (each,))
        other.close()
        assert read_live(tmp_path / LEDGER_NAME).remembered == 0
        end(ledger, 2)
        assert read_live(tmp_path / LEDGER_NAME).remembered == 0
        with sqlite3.connect(tmp_path / LEDGER_NAME) as other:
            assert other.execute("SELECT lease_id FROM checkpoints").fetchall() == [(LIVE,)]
            other.execute("INSERT INTO checkpoints VALUES (?, 1, '', 1, 0, 0)", (ENDED,))
        other.close()
        assert read_live(tmp_path / LEDGER_NAME).remembered == 1
        ledger.close()


class TestDoctor:
    """The proof that nothing is left."""

    def test_it_counts_what_it_looked_at(self, tmp_path: Path, ledger: Ledger) -> None:
        take_on(ledger, 1, WANTED)
        fill(tmp_path)
        for path in ENDEDS:
            wiped = tmp_path / path
            if wiped.is_dir():
                (wiped / "in" / "data").unlink()
                (wiped / "in").rmdir()
                wiped.rmdir()
            else:
                wiped.unlink()
        found = traces_finding(tmp_path)
        assert found.works
        assert "5 files" in found.sentence.en
        assert "1 live tasks" in found.sentence.en
        ledger.close()

    def test_it_names_what_is_left(self, tmp_path: Path, ledger: Ledger) -> None:
        take_on(ledger, 1, WANTED)
        fill(tmp_path)
        found = traces_finding(tmp_path, lambda _: None)
        assert not found.works
        assert "Ended tasks left 5 files" in found.sentence.en
        assert f"tasks/{ENDED}" in found.sentence.en
        ledger.close()

    def test_what_is_being_wiped_is_no_trace(self, tmp_path: Path) -> None:
        (tmp_path / "tasks" / ENDED).mkdir(parents=True)
        assert traces_finding(tmp_path, lambda _: (tmp_path / "tasks" / ENDED).rmdir()).works


class TestWipe:
    """`gridle worker wipe`."""

    def test_traces_go_and_the_rest_stays(self, tmp_path: Path, ledger: Ledger) -> None:
        take_on(ledger, 1, WANTED)
        ledger.close()
        fill(tmp_path)
        said = wipe_home(tmp_path, 0.0, with_caches=False)
        assert "Removed 5 files" in said.en
        assert traces_finding(tmp_path).works
        left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
        assert {f"tasks/{LIVE}/in/data", f"results/{LIVE}.tar", f"blobs/{WANTED}"} <= left
        assert f"blobs/{PUBLIC}" in left

    def test_caches_go_on_request(self, tmp_path: Path) -> None:
        fill(tmp_path)
        (tmp_path / "modules").mkdir()
        (tmp_path / "modules" / "x.cwasm").write_bytes(b"x")
        assert "as well" in wipe_home(tmp_path, 0.0, with_caches=True).en
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / LOCK_NAME]

    def test_images_stay_known_where_no_engine_can_remove_them(self, tmp_path: Path) -> None:
        open_ledger(tmp_path / LEDGER_NAME, 0.0).ledger.close()
        ours = ImageTable(connect(tmp_path / LEDGER_NAME))
        ours.put(ImageRecord("d" * 64, 100, 0.0))
        none = Sentence("No engine.", "没有引擎。")
        said = wipe_home(tmp_path, 0.0, with_caches=True, find=lambda: none)
        assert "1 images are still there" in said.en
        assert len(ours.all()) == 1
        ours.close()
        assert "images" not in wipe_home(tmp_path, 0.0, with_caches=False, find=lambda: none).en

    def test_another_engine_is_not_asked_for_the_first_ones_images(self, tmp_path: Path) -> None:
        open_ledger(tmp_path / LEDGER_NAME, 0.0).ledger.close()
        ours = ImageTable(connect(tmp_path / LEDGER_NAME))
        ours.put(ImageRecord("d" * 64, 100, 0.0))
        broken_podman = answers(podman=Reply(1, "", "broken"), docker=told(docker_info()))
        second = find_engine(broken_podman, which("podman", "docker"))
        assert isinstance(second, Engine)
        assert "still there" in wipe_home(tmp_path, 0.0, with_caches=True, find=lambda: second).en
        assert len(ours.all()) == 1
        ours.close()

    def test_a_running_worker_is_left_alone(self, tmp_path: Path) -> None:
        fill(tmp_path)
        with (
            HomeLock(tmp_path / LOCK_NAME, UnavailableError("", "")),
            pytest.raises(UnavailableError),
        ):
            wipe_home(tmp_path, 0.0, with_caches=True)
        assert (tmp_path / "tasks" / ENDED).exists()

    def test_no_home_is_made(self, tmp_path: Path) -> None:
        assert "Removed 0 files" in wipe_home(tmp_path / "none", 0.0, with_caches=True).en
        assert not (tmp_path / "none").exists()
