"""Reading, reaching, mounting, tracing, gaining rights: each attack in every fence."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil
import pytest

from gridle.worker.sandbox.port import Ending
from tests.escape import verdicts
from tests.escape.case import GVISOR, UNMADE, WASM, Case, stopped
from tests.escape.conftest import MARKS, Fences
from tests.escape.fence import Fence, Neighbour, judgements
from tests.escape.host_watch import HostWatch, veiled
from tests.escape.probe import Probe, verdict
from tests.escape.probes_files import FILES
from tests.escape.probes_kernel import DEVICES, KERNEL, RIGHTS
from tests.escape.probes_network import NETWORK

PROBES = [*FILES, *KERNEL, *RIGHTS, *DEVICES, *NETWORK]
_Found = dict[str, list[tuple[str, str, str]]]


class Batches:
    """What all probes said in a fence; they run when the first is asked for."""

    def __init__(self, fences: Fences, host: HostWatch) -> None:
        self._fences = fences
        self._host = host
        self._found: dict[str, _Found] = {}

    def found(self, fence_name: str) -> _Found:
        if fence_name not in self._found:
            fence, neighbour = self._fences.get(fence_name)
            self._found[fence_name] = self._run(fence, neighbour)
        return self._found[fence_name]

    def _run(self, fence: Fence, neighbour: Neighbour) -> _Found:
        chosen = [each for each in PROBES if fence.name in each.fences]
        apart = [each for each in chosen if each.ends_module_by and fence.name == WASM]
        words = self._words(neighbour)
        found = self._together(fence, [each for each in chosen if each not in apart], words)
        for probe in apart:
            found[probe.name] = self._alone(fence, probe, words)
        assert self._host.doors.visitors() == []
        assert neighbour.goes_on(), "the task beside it was harmed"
        return found

    def _together(self, fence: Fence, chosen: list[Probe], words: dict[str, list[str]]) -> _Found:
        plan = ["\t".join(_expanded(each.arguments, words)) for each in chosen]
        attack = fence.start("batch", inputs={"plan.txt": "\n".join(plan) + "\n"})
        outcome = attack.outcome()
        said = (attack.out / "verdicts.txt").read_text("utf-8", "replace")
        assert said.endswith("DONE\n"), (outcome, said[-500:])
        self._host.check(log=outcome.log_tail, out=attack.out)
        found: _Found = {}
        for part in said.split("ROW ")[1:]:
            row, _, rest = part.partition("\n")
            found[chosen[int(row)].name] = judgements(rest)
        return found

    def _alone(
        self, fence: Fence, probe: Probe, words: dict[str, list[str]]
    ) -> list[tuple[str, str, str]]:
        """Return what it said up to its last step, which ended it with nothing made."""
        attack = fence.start(*_expanded(probe.arguments, words))
        says = (f"'{probe.ends_module_by}' {UNMADE}",)
        failed = (Ending.FAILED,)
        case = Case(probe.name, probe.arguments, errors=probe.errors, endings=failed, says=says)
        outcome = stopped(case, attack)
        self._host.check(log=outcome.log_tail, out=attack.out)
        assert list(attack.out.iterdir()) == []
        return judgements(outcome.log_tail)

    def _words(self, neighbour: Neighbour) -> dict[str, list[str]]:
        host, doors = self._host, self._host.doors
        by_name = psutil.net_if_addrs()
        every = [each for found in by_name.values() for each in found]
        cmdline = Path("/proc/cmdline").read_text("utf-8", "replace").split()
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return {
            "@secret-file": [str(host.secret_file)],
            "@secret": [veiled(host.secret)],
            "@kernel-words": [veiled(cmdline[0])],
            "@host-name": [veiled(socket.gethostname())],
            "@boot-id": [veiled(boot_id)],
            "@interrupts": [veiled("intr ")],
            "@folder": [veiled(host.folder.name)],
            "@neighbour": [
                str(neighbour.folder / "out/beat"),
                str(neighbour.folder / "in/data.txt"),
            ],
            "@pids": [str(host.canary.pid), str(os.getpid()), "100000"],
            "@tcp": [str(doors.tcp_port)],
            "@udp": [str(doors.udp_port)],
            "@abstract": [doors.name],
            "@addresses": [each.address for each in every if each.family == socket.AF_INET],
            "@interfaces": [name for name in by_name if name != "lo"],
        }


def _expanded(arguments: tuple[str, ...], words: dict[str, list[str]]) -> list[str]:
    return [word for each in arguments for word in words.get(each, [each])]


@pytest.fixture(scope="session")
def batches(fences: Fences, host: HostWatch) -> Batches:
    return Batches(fences, host)


@pytest.mark.parametrize(
    ("probe", "fence_name"),
    [
        pytest.param(probe, name, id=f"{probe.name}-{name}", marks=MARKS[name])
        for probe in PROBES
        for name in probe.fences
    ],
)
def test_probe_is_stopped(batches: Batches, probe: Probe, fence_name: str) -> None:
    found = batches.found(fence_name).get(probe.name, [])
    said = verdict(probe, found, in_gvisor=fence_name == GVISOR)
    verdicts.record(probe.name, fence_name, said)
