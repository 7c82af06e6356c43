from __future__ import annotations

from gridle.worker.sandbox.hidden_paths import hidden_paths


def _lies_in(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def test_what_tells_of_the_machine_is_hidden_and_what_computing_needs_is_not() -> None:
    hidden = hidden_paths(with_cards=False)
    assert {"/proc/cmdline", "/proc/interrupts", "/sys/devices", "/sys/class"} <= set(hidden)
    needed = ("/proc/cpuinfo", "/proc/meminfo", "/proc/self", "/sys/fs/cgroup")
    assert not [path for path in hidden for need in needed if _lies_in(need, path)]


def test_no_path_breaks_the_list_that_an_engine_takes() -> None:
    for cards in (True, False):
        assert not [path for path in hidden_paths(with_cards=cards) if ":" in path or "," in path]


def test_a_task_with_cards_finds_them() -> None:
    hidden = hidden_paths(with_cards=True)
    for need in (
        "/sys/bus/pci",
        "/sys/class/drm",
        "/sys/devices/pci0000:00",
        "/proc/driver/nvidia",
    ):
        assert not [path for path in hidden if _lies_in(need, path)]
    assert "/sys/class/dmi" in hidden
