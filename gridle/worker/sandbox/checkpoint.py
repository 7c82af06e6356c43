"""A task's `checkpoint/`: how it is told to save, and how its state is taken. All of it is hostile.

The protocol is in docs/checkpoints.md: the worker places a file `save` (and signals a container);
the task writes `state.new` and renames it to `state`; the worker removes `save`.
"""

from __future__ import annotations

CHECKPOINT_NAME = "checkpoint"
STATE_NAME = "state"
REQUEST_NAME = "save"
