"""A real container beside a real proxy, in a small internet of network namespaces."""

from __future__ import annotations

import os
import platform
import queue
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from gridle.market.protocol.errors import RefusedError, UnavailableError
from gridle.market.protocol.manifest import ContainerRuntime, Isolation, Resources
from gridle.market.protocol.sentence import Sentence
from gridle.resources_folder import resources_folder
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.container_argv import base_argv, list_argv
from gridle.worker.sandbox.engine import Engine
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.sandbox.net_doors import NetDoors
from gridle.worker.sandbox.net_process import Rates
from gridle.worker.sandbox.port import Ending, Outcome, RunningTask, Share, TaskSpec
from tests.rigs import net_world, sandbox_program
from tests.rigs.net_inside import connect, get, hello
from tests.rigs.net_world import World

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

END_TIMEOUT_S = 120.0
PROXY = ("127.0.0.1", "3128")
ALLOW = ("api.example.org", "lan.example.org")
SOURCE = Path(sandbox_program.__file__).with_name("net_task.c")


@pytest.fixture(scope="module")
def engine() -> Engine:
    found = find_engine()
    if isinstance(found, Sentence):
        pytest.skip(found.en)
    if not found.is_podman:
        pytest.skip("only Podman gives tasks a network")
    return found


@pytest.fixture(scope="module")
def image_id(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = sandbox_program.build(f"{platform.machine()}-linux-musl", SOURCE)
    tar = sandbox_program.image_tar(program, tmp_path_factory.mktemp("image") / "root.tar")
    command = [*base_argv(engine), "import", str(tar)]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    image = done.stdout.strip().removeprefix("sha256:")
    yield image
    subprocess.run([*base_argv(engine), "rmi", "--force", image], check=True, capture_output=True)


@dataclass
class Rig:
    """Runs the program that speaks TCP."""

    sandbox: ContainerSandbox
    image: str
    folder: Path

    def start(
        self,
        *arguments: str,
        say: bytes = b"",
        allow: tuple[str, ...] = ALLOW,
        isolation: Isolation = "any",
    ) -> tuple[RunningTask, queue.Queue[Outcome], Path]:
        name = f"t{secrets.token_hex(4)}"
        folder = self.folder / name
        (folder / "in").mkdir(parents=True)
        (folder / "out").mkdir()
        (folder / "in" / "say").write_bytes(say)
        runtime = ContainerRuntime(image_sha256=self.image, command=("/task",))
        needs = Resources(reference_s=1.0)
        spec = TaskSpec(
            name, runtime, arguments, needs, folder, network_allow=allow, isolation=isolation
        )
        outcomes: queue.Queue[Outcome] = queue.Queue()
        return self.sandbox.start(spec, Share(100.0), outcomes.put), outcomes, folder

    def outcome(self, *arguments: str, say: bytes = b"") -> tuple[Outcome, bytes]:
        _, outcomes, folder = self.start(*arguments, say=say)
        outcome = outcomes.get(timeout=END_TIMEOUT_S)
        heard = folder / "out" / "heard"
        return outcome, heard.read_bytes() if heard.exists() else b""

    def heard(self, *arguments: str, say: bytes = b"") -> bytes:
        outcome, heard = self.outcome(*arguments, say=say)
        assert outcome.ending is Ending.FINISHED, outcome
        return heard


@pytest.fixture
def rig(engine: Engine, internet: World, image_id: str, tmp_path: Path) -> Iterator[Rig]:
    del engine
    profile = resources_folder() / "seccomp" / "task.json"
    doors = NetDoors(internet.prefix)
    sandbox = ContainerSandbox(f"test-{secrets.token_hex(4)}", profile, doors=doors)
    mounts = namespace_mounts()
    yield Rig(sandbox, image_id, tmp_path)
    sandbox.close()
    assert sandbox.sweep() == 0
    assert hosts() == []
    assert namespace_mounts() == mounts


def hosts() -> list[int]:
    """Return the proxies of this process: without them their namespaces are gone too."""
    children = psutil.Process().children(recursive=True)
    return [each.pid for each in children if "net_host.py" in " ".join(each.cmdline())]


def namespace_mounts() -> int:
    return Path("/proc/self/mountinfo").read_text().count(" nsfs ")


def test_a_named_host_answers(rig: Rig) -> None:
    heard = rig.heard(*PROXY, say=get("api.example.org", "/a?b"))
    assert heard.startswith(b"HTTP/1.1 200 OK")
    assert f"I am {net_world.PUBLIC}:80\n".encode() in heard
    assert b"GET /a?b HTTP/1.1\r\nHost: api.example.org\r\nConnection: close\r\n\r\n" in heard
    moved = rig.sandbox.doors.transferred()
    assert moved.received_bytes == len(heard)
    assert moved.sent_bytes == len(heard.partition(b":80\n")[2])


def test_a_tunnel_to_a_named_host(rig: Rig) -> None:
    """What the task says is said back, and its end too."""
    first = hello("api.example.org")
    heard = rig.heard(*PROXY, say=connect("API.Example.org.:443") + first)
    assert heard == b"HTTP/1.1 200 Connection established\r\n\r\n" + first


def test_a_host_of_the_home_network_is_refused(rig: Rig) -> None:
    heard = rig.heard(*PROXY, say=get("lan.example.org"))
    assert heard.startswith(b"HTTP/1.1 403 ")
    assert b"I am" not in heard
    assert rig.sandbox.doors.transferred().sent_bytes == 0


@pytest.mark.parametrize(
    ("address", "port"),
    [
        (net_world.PUBLIC, "80"),
        (net_world.ROUTER, "80"),
        (net_world.MACHINE, "80"),
        (net_world.METADATA, "80"),
        ("127.0.0.1", "80"),
        ("8.8.8.8", "53"),
        ("0.0.0.0", "80"),  # noqa: S104 - Linux connects to itself
    ],
)
def test_there_is_no_way_past_the_proxy(rig: Rig, address: str, port: str) -> None:
    outcome, _ = rig.outcome(address, port)
    assert outcome.ending is Ending.FAILED
    assert outcome.log_tail in (
        "connect: Network unreachable\n",
        "connect: Connection refused\n",
    )


def test_only_streams_over_ipv4_can_be_opened(rig: Rig) -> None:
    assert rig.heard("sockets") == b"2 1 0\n1 1 0\n"


def test_the_task_knows_its_proxy_and_no_name_server(rig: Rig) -> None:
    assert rig.heard("environment") == b"http://127.0.0.1:3128\nno servers\n"


def test_a_task_that_names_no_host_has_no_proxy(rig: Rig) -> None:
    _, outcomes, folder = rig.start("environment", allow=())
    assert outcomes.get(timeout=END_TIMEOUT_S).ending is Ending.FINISHED
    assert (folder / "out" / "heard").read_bytes() == b"none\nno servers\n"
    assert not (folder / "seccomp.json").exists()


def test_the_container_is_in_the_proxys_namespace_and_two_tasks_are_apart(rig: Rig) -> None:
    one, two = rig.start("wait"), rig.start("wait")
    inodes = []
    for _, _, folder in (one, two):
        pid = int((folder / "container.pid").read_text())
        space = rig.sandbox.doors.space(folder.name)
        assert space is not None
        inodes.append(Path(f"/proc/{pid}/ns/net").stat().st_ino)
        assert Path(space).stat().st_ino == inodes[-1]
    assert len({*inodes, Path("/proc/self/ns/net").stat().st_ino}) == 3
    for task, outcomes, _ in (one, two):
        task.stop()
        assert outcomes.get(timeout=END_TIMEOUT_S).ending is Ending.STOPPED


def test_the_owners_rate_holds(rig: Rig) -> None:
    rig.sandbox.doors.limit(Rates(sent_bytes_s=None, received_bytes_s=1_000_000))
    task, outcomes, folder = rig.start(*PROXY, say=get("api.example.org", "/big"))
    assert outcomes.get(timeout=END_TIMEOUT_S).ending is Ending.FINISHED
    assert (folder / "out" / "heard").stat().st_size > 3_000_000
    assert task.usage().wall_s > 2.5


@pytest.mark.parametrize("allow", [("localhost.localdomain",), ("printer.local",)])
def test_hosts_that_no_task_may_reach_are_refused_at_once(rig: Rig, allow: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match="no host of the public internet"):
        rig.start("environment", allow=allow)


def test_gvisor_with_a_network_is_refused(rig: Rig) -> None:
    with pytest.raises((RefusedError, UnavailableError), match="gVisor"):
        rig.start("environment", isolation="gvisor")


def test_a_task_outlives_its_proxy_without_network(rig: Rig) -> None:
    task, outcomes, folder = rig.start("wait")
    space = rig.sandbox.doors.space(folder.name)
    assert space is not None
    os.kill(int(space.split("/")[2]), 9)
    assert rig.heard(*PROXY, say=get("api.example.org"))  # another's still serves
    assert outcomes.empty()
    task.stop()
    assert outcomes.get(timeout=END_TIMEOUT_S).ending is Ending.STOPPED


def test_task_and_proxy_end_with_a_worker_that_is_killed(
    engine: Engine, internet: World, image_id: str, tmp_path: Path
) -> None:
    worker_id = f"dead-{secrets.token_hex(4)}"
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    command = [sys.executable, "-c", OWNER, worker_id, image_id, str(tmp_path), *internet.prefix]
    root = str(Path(__file__).resolve().parents[4])
    environment = {**os.environ, "PYTHONPATH": root}
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert owner.stdout is not None
    proxy = psutil.Process(int(owner.stdout.readline().split("/")[2]))
    task = psutil.Process(int((tmp_path / "container.pid").read_text()))
    owner.kill()
    owner.communicate()
    _, alive = psutil.wait_procs([proxy, task], timeout=END_TIMEOUT_S)
    assert alive == []
    deadline_s = time.monotonic() + END_TIMEOUT_S
    listing = list_argv(engine, worker_id)
    while subprocess.run(listing, capture_output=True, check=True, timeout=60).stdout:
        assert time.monotonic() < deadline_s, "the container is still there"
        time.sleep(0.1)


OWNER = """
import sys, threading
from pathlib import Path
from gridle.market.protocol.manifest import ContainerRuntime, Resources
from gridle.resources_folder import resources_folder
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.net_doors import NetDoors
from gridle.worker.sandbox.port import Share, TaskSpec
worker_id, image, folder, *prefix = sys.argv[1:]
profile = resources_folder() / "seccomp" / "task.json"
sandbox = ContainerSandbox(worker_id, profile, doors=NetDoors(tuple(prefix)))
runtime = ContainerRuntime(image_sha256=image, command=("/task",))
needs = Resources(reference_s=1.0)
allow = ("api.example.org",)
spec = TaskSpec("t1", runtime, ("wait",), needs, Path(folder), network_allow=allow)
sandbox.start(spec, Share(50.0), lambda _: None)
print(sandbox.doors.space("t1"), flush=True)
threading.Event().wait()
"""
