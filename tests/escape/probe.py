"""Attacks that are over at once: a table of them runs in one task, each in its own process."""

from __future__ import annotations

from dataclasses import dataclass

from tests.escape.case import CONTAINERS, REFUSED


@dataclass(frozen=True)
class Probe:
    """One attack: what it tries, where, and how it has to end."""

    name: str
    arguments: tuple[str, ...]
    """`@` and a name stands for what is only known when it runs; see `World.words`."""
    fences: tuple[str, ...] = CONTAINERS
    errors: frozenset[str] = REFUSED
    """Words of the errors that count as a refusal."""
    emulated: frozenset[str] = frozenset()
    """What gVisor's own kernel grants inside, of its own and not of this machine's."""
    open_to: frozenset[str] = frozenset()
    """What is not stopped in a container without gVisor; each is named in SECURITY.md."""
    ends_module_by: str = ""
    """The file whose making, its last step, ends a module; it has a task of its own there."""


def verdict(probe: Probe, found: list[tuple[str, str, str]], *, in_gvisor: bool) -> str:
    """Return in a few words how a probe was stopped; fail where it was not, or did not run."""
    assert found, f"{probe.name} said nothing"
    granted = probe.emulated if in_gvisor else probe.open_to
    breaches = {what for kind, what, _ in found if kind == "BREACH"}
    assert breaches <= granted, sorted(breaches - granted)
    unexpected = [(what, error) for kind, what, error in found
                  if kind == "HELD" and error not in probe.errors]  # fmt: skip
    assert not unexpected, unexpected
    words = list(dict.fromkeys(error for kind, _, error in found if kind == "HELD"))
    if breaches:
        words.append(f"{'granted by gVisor itself' if in_gvisor else 'OPEN'}: {sorted(breaches)}")
    return "; ".join(words)
