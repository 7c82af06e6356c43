"""What this machine has to fence a WebAssembly task's process with, beside limits of resources."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.host import landlock, seccomp

_SECCOMP_ACTIONS = Path("/proc/sys/kernel/seccomp/actions_avail")


@dataclass(frozen=True)
class Confinement:
    """What the kernel can do; on other systems than Linux, both stand for what they have."""

    files: bool
    """It can be kept to its own folders (Landlock; a sandbox profile; a low token)."""
    calls: bool
    """It can be kept from all but a few system calls (seccomp)."""

    def explanation(self, version: str) -> Sentence:
        """Say in one sentence what stands around a task."""
        en = f"WebAssembly tasks run here, on wasmtime {version}"
        zh = f"本机可运行 WebAssembly 任务（wasmtime {version}）"
        if self.files and self.calls:
            return Sentence(f"{en}.", f"{zh}。")
        if self.files:
            return Sentence(
                f"{en}, fenced by Landlock alone, since this kernel has no seccomp.",
                f"{zh}；此内核没有 seccomp，仅由 Landlock 限制其文件访问。",
            )
        if self.calls:
            return Sentence(
                f"{en}, fenced by seccomp alone, since this kernel has no Landlock; "
                "a kernel of 5.13 or later has it.",
                f"{zh}；此内核没有 Landlock，仅由 seccomp 隔离；5.13 及以上版本的内核有 Landlock。",
            )
        return Sentence(
            f"{en}, but this kernel has neither Landlock nor seccomp, so nothing but limits stands "
            "behind wasmtime's own walls; use a kernel of 5.13 or later.",
            f"{zh}；但此内核既没有 Landlock 也没有 seccomp，除资源限制外仅靠 wasmtime 自身隔离；"
            "请使用 5.13 或更高版本的内核。",
        )


def find_confinement() -> Confinement:
    """Look at this machine."""
    if sys.platform != "linux":
        return Confinement(files=True, calls=True)
    known = os.uname().machine in seccomp.MACHINES
    return Confinement(
        files=landlock.version(ctypes.CDLL(None, use_errno=True)) > 0,
        calls=known and _SECCOMP_ACTIONS.exists(),
    )
