"""Images and modules as a hostile publisher makes them, and code that nobody verified."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.errors import GridleError, InvalidInputError, UnavailableError
from gridle.market.protocol.manifest import ContainerRuntime
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.engine import Engine
from gridle.worker.sandbox.port import Ending
from tests.escape import hostile, verdicts
from tests.escape.case import CONTAINERS, RUNC
from tests.escape.conftest import Attacker, in_fences
from tests.escape.fence import judgements
from tests.escape.host_watch import HostWatch
from tests.escape.hostile_image import HostileImage

pytestmark = pytest.mark.engine
_Loader = Callable[[Attacker, HostileImage], ContainerRuntime]


@pytest.fixture
def load(tmp_path: Path, engine: Engine) -> Iterator[_Loader]:
    """Have an image ready as a job would bring it: by an archive; it is removed afterwards."""
    loaded: list[str] = []

    def make(attacker: Attacker, image: HostileImage) -> ContainerRuntime:
        archive = tmp_path / f"{len(loaded)}.tar"
        digest = image.write(archive)
        loaded.append(digest)
        runtime = ContainerRuntime(
            image_sha256=digest, command=("/hostile",), archive_sha256="0" * 64
        )
        attacker.fence.sandbox.prepare(runtime, lambda _: archive)
        return runtime

    yield make
    for digest in loaded:
        subprocess.run(
            [*base_argv(engine), "rmi", "--force", digest], check=False, capture_output=True
        )


def _program() -> bytes:
    return hostile.build(hostile.NATIVE_TARGET).read_bytes()


def _link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


@in_fences(RUNC)
@pytest.mark.parametrize(
    "name",
    ["run.oci.seccomp_bpf_data", "run.oci.hooks.stdout", "org.systemd.property.MemoryMax",
     "dev.gvisor.flag.network", "io.podman.annotations.privileged", "run.oci.handler"],
)  # fmt: skip
def test_an_image_gives_no_instructions(attacker: Attacker, load: _Loader, name: str) -> None:
    image = HostileImage(
        _program(), annotations={name: "BgAAAAAA/38=", "org.opencontainers.image.title": "x"}
    )
    with pytest.raises(InvalidInputError, match="gives instructions") as refusal:
        load(attacker, image)
    verdicts.record(f"an image that instructs: {name}", RUNC, refusal.value.sentence.en[:80])


@in_fences(*CONTAINERS)
def test_an_image_may_describe_itself(attacker: Attacker, load: _Loader) -> None:
    image = HostileImage(_program(), annotations={"org.opencontainers.image.title": "x"})
    attack = attacker.fence.start("capabilities", runtime=load(attacker, image))
    assert "HELD there are capabilities" in attack.outcome().log_tail


@in_fences(*CONTAINERS)
def test_an_images_settings_do_not_count(attacker: Attacker, load: _Loader, engine: Engine) -> None:
    """User, start command, volumes, health check, label and stop signal are ours."""
    config: dict[str, object] = {
        "User": "0:0",
        "Entrypoint": ["/bin/sh"],
        "Cmd": ["-c", "true"],
        "Volumes": {"/etc": {}, "/proc/1": {}},
        "Healthcheck": {"Test": ["CMD", "/hostile", "fork-bomb"], "Interval": 1000000},
        "Labels": {"gridle.worker": "somebody-else"},
        "WorkingDir": "/in",
        "StopSignal": "SIGCONT",
        "Env": ["LD_PRELOAD=/x.so", "HTTP_PROXY=http://x"],
    }
    attack = attacker.fence.start(
        "neighbour", runtime=load(attacker, HostileImage(_program(), config=config))
    )
    attack.await_file("beat")
    name = (attack.folder / "container.id").read_text().strip()
    inspect = [*base_argv(engine), "inspect", "--format", "{{json .}}", name]
    said = json.loads(subprocess.run(inspect, check=True, capture_output=True).stdout)
    said = said[0] if isinstance(said, list) else said
    assert said["Config"]["User"] == "65534:65534"
    assert said["Config"]["Labels"]["gridle.worker"].startswith("escape-")
    assert {mount["Destination"] for mount in said["Mounts"]} == {"/in", "/out"}
    assert not said["State"].get("Health", {}).get("Status")
    attack.task.stop()
    assert attack.outcome().ending is Ending.STOPPED
    verdicts.record(
        "an image that sets user, volumes, health check", attacker.fence.name, "ours count"
    )


@in_fences(*CONTAINERS)
@pytest.mark.parametrize(
    ("place", "target"),
    [("out", "/proc"), ("out", "/etc"), ("in", "../../../../etc"), ("tmp", "/proc/self"),
     ("out", "/sys/fs/cgroup"), ("proc", "/in"), ("dev", "/out"), ("etc", "/out")],
)  # fmt: skip
def test_links_in_an_image_lead_no_mount_astray(
    attacker: Attacker, load: _Loader, place: str, target: str
) -> None:
    image = HostileImage(_program(), members=[_link(place, target)])
    before = sorted(Path("/etc").iterdir())
    try:
        attack = attacker.fence.start("ids", runtime=load(attacker, image))
    except UnavailableError as error:
        said = error.sentence.en
        assert "could not start a task" in said
    else:
        outcome = attack.outcome()
        said = outcome.explanation.en if outcome.explanation else "the link was kept inside"
        assert not [v for v, _, _ in judgements(outcome.log_tail) if v == "BREACH"], outcome
        attacker.host.check(log=outcome.log_tail, out=attack.out)
    assert sorted(Path("/etc").iterdir()) == before
    assert attacker.neighbour.goes_on()
    verdicts.record(f"an image whose /{place} leads to {target}", attacker.fence.name, said[:80])


@in_fences(*CONTAINERS)
def test_the_runtimes_own_program_is_not_to_be_had(attacker: Attacker) -> None:
    """CVE-2019-5736: an image whose command is the program that starts it."""
    runtime_file = Path("/usr/sbin/runc")
    before = hashlib.sha256(runtime_file.read_bytes()).hexdigest() if runtime_file.exists() else ""
    assert isinstance(attacker.fence.runtime, ContainerRuntime)
    runtime = msgspec.structs.replace(attacker.fence.runtime, command=("/proc/self/exe",))
    try:
        attack = attacker.fence.start("runtime-file", runtime=runtime)
    except UnavailableError as error:
        said = error.sentence.en
    else:
        outcome = attack.outcome()
        assert outcome.ending is not Ending.FINISHED
        said = str(outcome.explanation.en if outcome.explanation else "")
    if before:
        assert hashlib.sha256(runtime_file.read_bytes()).hexdigest() == before
    verdicts.record("run the runtime's own program", attacker.fence.name, said[:80])


def test_an_archive_of_another_image_is_not_loaded(
    engine: Engine, tmp_path: Path, host: HostWatch
) -> None:
    archive = tmp_path / "image.tar"
    HostileImage(_program(), config={"Env": ["A=1"]}).write(archive)
    runtime = ContainerRuntime(
        image_sha256="1" * 64, command=("/hostile",), archive_sha256="0" * 64
    )
    profile = host.folder / "none.json"
    sandbox = ContainerSandbox("escape-unverified", profile, find=lambda: engine)
    with pytest.raises(InvalidInputError, match="another image"):
        sandbox.prepare(runtime, lambda _: archive)
    listed = [*base_argv(engine), "images", "--quiet", "--no-trunc", "--all"]
    known = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    assert hashlib.sha256(archive.read_bytes()).hexdigest() not in known
    verdicts.record("an archive of another image", RUNC, "refused before it was loaded")


@in_fences(*CONTAINERS)
def test_an_image_that_was_not_prepared_does_not_run(attacker: Attacker) -> None:
    runtime = ContainerRuntime(image_sha256="2" * 64, command=("/hostile",))
    with pytest.raises(GridleError) as refusal:
        attacker.fence.start("ids", runtime=runtime)
    verdicts.record(
        "an image that was not prepared", attacker.fence.name, refusal.value.sentence.en[:80]
    )
