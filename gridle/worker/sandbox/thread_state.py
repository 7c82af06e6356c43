"""Whether a thread runs, sleeps or is stopped, as the kernel tells it (proc_pid_stat(5))."""

from __future__ import annotations

from pathlib import Path


def thread_state(thread_id: int, proc: Path = Path("/proc")) -> str | None:
    """Return the state's letter, such as R (ready to run), S or T; None where it is gone."""
    try:
        text = (proc / str(thread_id) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    _, closed, after_name = text.rpartition(")")  # a task chooses its name, brackets included
    return after_name.strip()[:1] or None if closed else None


def thread_ids(process_id: int, proc: Path = Path("/proc")) -> list[int]:
    """Return the ids of a process's threads; none where it is gone."""
    try:
        return [int(folder.name) for folder in (proc / str(process_id) / "task").iterdir()]
    except OSError:
        return []
