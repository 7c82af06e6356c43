"""A stub of NVIDIA's library, built from C, and a child process that reads cards through it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gridle.worker.policy.readings import Gpu

SOURCE = Path(__file__).with_name("nvml_stub.c")
_CACHE = Path(__file__).resolve().parents[2] / "build" / "test-programs"
_BUILD_TIMEOUT_S = 280
_READER = """
import json, sys
import msgspec
from gridle.worker.probes.machine.gpus import find_gpus
gpus = find_gpus()
print(type(gpus).__name__, flush=True)
for line in sys.stdin:
    cards = gpus.read(frozenset(json.loads(line)))
    sys.stdout.buffer.write(msgspec.json.encode(cards) + b"\\n")
    sys.stdout.flush()
gpus.close()
"""


def build_stub(*flags: str) -> Path:
    """Return the folder of the library, built anew whenever its source has changed."""
    digest = hashlib.sha256(SOURCE.read_bytes() + repr(flags).encode()).hexdigest()[:16]
    path = _CACHE / f"nvml-{digest}" / "libnvidia-ml.so.1"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        compiler = [sys.executable, "-m", "ziglang", "cc", "-shared", "-fPIC", "-O1", *flags]
        command = [*compiler, "-o", str(draft), str(SOURCE)]
        subprocess.run(command, check=True, timeout=_BUILD_TIMEOUT_S)
        draft.replace(path)
    return path.parent


class CardReader:
    """A process whose loader finds the stub; `facts` are what the stub's source lists."""

    def __init__(self, facts_file: Path, facts: Iterable[str], *flags: str) -> None:
        self._facts_file = facts_file
        self.tell(*facts)
        environment = {
            **os.environ,
            "LD_LIBRARY_PATH": str(build_stub(*flags)),
            "GRIDLE_NVML_STUB": str(facts_file),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-c", _READER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.adapter = self._line()

    def tell(self, *facts: str) -> None:
        """Replace what the driver says from now on."""
        draft = self._facts_file.with_suffix(".new")
        draft.write_text("".join(f"{fact}\n" for fact in facts))
        draft.replace(self._facts_file)

    def read(self, *ours: int) -> tuple[Gpu, ...]:
        """Read all cards there, with these processes as our tasks'."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(ours) + "\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._line(), type=tuple[Gpu, ...])

    def close(self) -> None:
        """End the process; it has to end well."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        assert self._process.wait(60) == 0
        self._process.stdout.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the reader has died"
        return line.strip()
