"""The states of a task at the market, and of a job, as they are named on the wire."""

from __future__ import annotations

from enum import StrEnum


class TaskState(StrEnum):
    """The life of a task at the market."""

    QUEUED = "queued"
    LEASED = "leased"
    COMMITTED = "committed"
    REVEALED = "revealed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    AWARDED = "awarded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class JobState(StrEnum):
    """The life of a job."""

    OPEN = "open"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


FINAL_TASK_STATES = frozenset({TaskState.AWARDED, TaskState.CANCELLED, TaskState.EXPIRED})
"""No event moves a task out of these."""
