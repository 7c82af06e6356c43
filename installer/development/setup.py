"""Set up this checkout: system packages, Python environment, base images of practice jobs.

Usage: python3 -I setup.py PYTHON [all|test|bench]   (called by setup.sh with the Python it found)

Needs nothing but the standard library. Can be killed at any point and run again.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # `python -I` leaves it out

from installer.development.environment import Environment  # noqa: E402 # after the path is set
from installer.development.images_stamp import ImagesStamp  # noqa: E402 # after the path is set
from installer.development.system_packages import (  # noqa: E402 # after the path is set
    BENCH_NEEDS,
    NEEDS,
    TEST_NEEDS,
    install,
)

MORE_NEEDS = {"test": TEST_NEEDS, "bench": (*TEST_NEEDS, *BENCH_NEEDS)}
"""What testing and measuring want beyond what running does."""


def set_up(python: str) -> int:
    """Do what is missing; returns the exit status (0: the environment works)."""
    complete = install(NEEDS)
    environment = Environment(ROOT, python)
    if not environment.is_ready() and not environment.make():
        return 1
    stamp = ImagesStamp(ROOT)
    if not stamp.is_fresh():
        command = [str(environment.python), "-m", "gridle.market.practice.images", "build"]
        if subprocess.run(command, cwd=ROOT, check=False).returncode == 0:
            stamp.write()
        else:
            print("Container practice jobs wait for their images; WebAssembly jobs go on.")
            complete = False
    if not complete:
        print("Set-up is done but for what is named above.")
    return 0


def main() -> int:
    """Set up under a lock, so that two set-ups do not spoil each other's work."""
    python, what = sys.argv[1], (sys.argv[2:] or ["all"])[0]
    os.chdir(ROOT)
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    with (folder / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up of this checkout is running; waiting for it…", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if what in MORE_NEEDS:
            install(MORE_NEEDS[what], start_services=False)
            return 0
        return set_up(python)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nInterrupted; run it again and it goes on from here.")
        sys.exit(130)
