"""The Debian packages that Gridle wants, why, and how they come onto this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

APT_TIMEOUT_S = 1800


@dataclass(frozen=True)
class Need:
    """Packages that serve one purpose; `why` ends the sentence "Gridle wants these …"."""

    why: str
    packages: tuple[str, ...]


NEEDS = (
    Need("to make its Python environment", ("python3-venv", "ca-certificates")),
    Need(
        "to run container tasks",
        (
            "podman",
            "runc",
            "conmon",
            "uidmap",
            "slirp4netns",
            "fuse-overlayfs",
            "dbus-user-session",
            "mmdebstrap",
        ),
    ),
    Need(
        "to show its windows",
        (
            "libegl1",
            "libgl1",
            "libdbus-1-3",
            "libfontconfig1",
            "libxkbcommon-x11-0",
            "libxcb-cursor0",
            "libxcb-icccm4",
            "libxcb-image0",
            "libxcb-keysyms1",
            "libxcb-randr0",
            "libxcb-render-util0",
            "libxcb-shape0",
            "libxcb-shm0",
            "libxcb-sync1",
            "libxcb-xfixes0",
            "libxcb-xinerama0",
            "libxcb-xkb1",
            "libxcb-screensaver0",
            "fonts-dejavu-core",
            "fonts-wqy-microhei",
        ),
    ),
)
TEST_NEEDS = (
    Need(
        "to test its windows without a screen",
        ("xvfb", "xauth", "xdotool", "trayer", "x11-utils", "imagemagick"),
    ),
    Need("to test what it fetches over TLS", ("openssl",)),
    Need(
        "to test how it sees a user on real desktops without a screen",
        ("dbus", "iproute2", "mutter", "sway", "foot", "jwm", "weston", "kwin-wayland"),
    ),
)
BENCH_NEEDS = (Need("to be measured beside it", ("boinc-client",)),)


def missing(needs: tuple[Need, ...]) -> tuple[Need, ...]:
    """Return what of `needs` is not installed; all of it where this machine has no dpkg."""
    if shutil.which("dpkg-query") is None:
        return needs
    wanted = [package for need in needs for package in need.packages]
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted]
    listed = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    installed = {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}
    lacking = (
        Need(need.why, tuple(name for name in need.packages if name not in installed))
        for need in needs
    )
    return tuple(need for need in lacking if need.packages)


def install(needs: tuple[Need, ...], *, start_services: bool = True) -> bool:
    """Install what is missing, saying what and why; returns whether all of it is there now."""
    lacking = missing(needs)
    if not lacking:
        return True
    for need in lacking:
        print(f"Gridle wants these system packages {need.why}: {' '.join(need.packages)}")
    become_root = _way_to_root()
    if shutil.which("apt-get") is None or become_root is None:
        print(
            "They cannot be installed from here (no apt, or neither root nor sudo). Install them "
            "yourself and run this again; what works without them goes on."
        )
        return False
    if become_root:
        print("apt installs them now; sudo may ask for your password.")
    packages = [package for need in lacking for package in need.packages]
    apt = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    with _services_held(become_root, hold=not start_services):
        done = _apt(apt, packages)
    if not done:
        print("apt could not install all of them; what works without them goes on.")
    return done


def _apt(apt: list[str], packages: list[str]) -> bool:
    """Install packages; where that fails together, each alone, so that one cannot hold up all."""
    options = ["install", "--yes", "--quiet=2", "--no-install-recommends"]
    print("Asking apt for the newest package lists…", flush=True)
    if not _run([*apt, "update", "--quiet=2"]):
        print("The package lists could not be renewed (offline?); trying with the old ones.")
    print(f"Installing {len(packages)} packages…", flush=True)
    if _run([*apt, *options, *packages]):
        return True
    repaired = _run([*apt[:-1], "dpkg", "--configure", "-a"])
    installed = [_run([*apt, *options, package]) for package in packages]
    return repaired and all(installed)


def _run(command: list[str]) -> bool:
    """Run a command quietly; show its last lines where it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=APT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{command[-1]}: {type(error).__name__}")
        return False
    if done.returncode != 0:
        print("\n".join(done.stdout.strip().splitlines()[-3:]))
    return done.returncode == 0


def _way_to_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    return ["sudo"] if shutil.which("sudo") else None


class _services_held:  # noqa: N801 # reads as a function in its `with`
    """Keep a freshly installed service from starting (Debian's policy-rc.d)."""

    _POLICY = Path("/usr/sbin/policy-rc.d")

    def __init__(self, become_root: list[str], *, hold: bool) -> None:
        self._become_root = become_root
        self._hold = hold and not self._POLICY.exists()

    def __enter__(self) -> None:
        if self._hold:
            script = f"printf '#!/bin/sh\\nexit 101\\n' > {self._POLICY}; chmod 755 {self._POLICY}"
            _run([*self._become_root, "sh", "-c", script])

    def __exit__(self, *_: object) -> None:
        if self._hold:
            _run([*self._become_root, "rm", "-f", str(self._POLICY)])
