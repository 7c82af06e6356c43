"""Uploads tasks' states before the reports that name them, for a limited time only.

A state is worth less than the task's next start elsewhere: where it cannot be uploaded, a return
goes without it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from gridle.market.protocol import routes
from gridle.market.protocol.errors import RefusedError, UnavailableError
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.messages import CheckpointRef, Returned
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sources.backoff import backoff_s
from gridle.worker.sources.parcel import Parcel
from gridle.worker.sources.session import MarketSession
from gridle.worker.sources.signed_http import UnwantedError

PATIENCE_S = 600.0
"""So long a state may take to be uploaded."""

_TOO_SLOW = Sentence(
    "The task's saved state could not be uploaded in time, so it was not handed on.",
    "任务保存的状态未能及时上传，因此未移交。",
)
_GONE = Sentence(
    "The task's saved state is gone from this machine's disk, so it was not handed on.",
    "任务保存的状态已从本机磁盘消失，因此未移交。",
)
_OVERTAKEN = Sentence(
    "The task came further before this saved state was uploaded, so it was not handed on.",
    "此状态上传之前任务已有新进展，因此未移交。",
)


@dataclass(frozen=True, eq=False)
class _Upload:
    parcel: Parcel
    archive: Path
    checkpoint: CheckpointRef
    ends_at: float
    """On the monotonic clock."""


class Saving:
    """At most one state of each lease waits: the newest. Those of returned tasks go first."""

    def __init__(
        self,
        session: MarketSession,
        hand_on: Callable[[Parcel], None],
        tell: Callable[[Parcel, Sentence], None],
        patience_s: float,
    ) -> None:
        """Uploaded and given-up parcels go to `hand_on`; what shall not be sent, to `tell`."""
        self._session = session
        self._hand_on = hand_on
        self._tell = tell
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._waiting: dict[LeaseId, _Upload] = {}
        self._failures = 0

    def put(self, parcel: Parcel, archive: Path, checkpoint: CheckpointRef) -> None:
        """Queue a report with its state; a return that waits is not overtaken."""
        lease_id = parcel.report.lease_id
        upload = _Upload(parcel, archive, checkpoint, time.monotonic() + self._patience_s)
        with self._changed:
            older = self._waiting.get(lease_id)
            if older is not None and isinstance(older.parcel.report, Returned):
                return
            self._waiting.pop(lease_id, None)
            self._waiting[lease_id] = upload
            self._changed.notify_all()
        if older is not None:
            self._tell(older.parcel, _OVERTAKEN)

    def overtake(self, lease_id: LeaseId) -> None:
        """Give up a state that waits, because its task goes no further here."""
        with self._changed:
            upload = self._waiting.get(lease_id)
            if upload is None or isinstance(upload.parcel.report, Returned):
                return
            del self._waiting[lease_id]
        self._tell(upload.parcel, _OVERTAKEN)

    def patience_left_s(self) -> float | None:
        """Return how long until a state is to be given up; None: none waits."""
        with self._changed:
            ends_at = min((each.ends_at for each in self._waiting.values()), default=None)
        return None if ends_at is None else max(0.0, ends_at - time.monotonic())

    def give_up_overdue(self) -> None:
        """Send on without their states the returns that waited long enough."""
        now = time.monotonic()
        with self._changed:
            overdue = [each for each in self._waiting.values() if each.ends_at <= now]
        for upload in overdue:
            self._settle(upload, _TOO_SLOW)

    def stop(self) -> None:
        """Wake the thread that waits for states, so that it can end."""
        with self._changed:
            self._changed.notify_all()

    def step(self) -> None:
        """Wait for a state and upload it; what fails is tried again while there is patience."""
        upload = self._next()
        if upload is None:
            return
        self._session.market()
        sha256 = upload.checkpoint.sha256
        try:
            self._session.http.put_file(
                routes.blob(sha256), upload.archive, sha256, lambda: self._waits(upload)
            )
        except UnwantedError:
            return
        except RefusedError as error:
            self._settle(upload, error.sentence)
        except FileNotFoundError:
            self._settle(upload, _GONE)
        except (UnavailableError, OSError):
            # Not told as a silent market, because the rest of the market may well answer.
            self._failures += 1
            chance = random.random()  # noqa: S311 - jitter, no secret
            self._session.stopped.wait(backoff_s(self._failures, chance))
            return
        else:
            self._settle(upload, None)
        self._failures = 0

    def _next(self) -> _Upload | None:
        """Return the first that waits; None where we are to end."""
        stopped = self._session.stopped
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or stopped.is_set())
            if stopped.is_set():
                return None
            return next(
                filter(_returns, self._waiting.values()), next(iter(self._waiting.values()))
            )

    def _waits(self, upload: _Upload) -> bool:
        """Whether it is still to go, and now: a running task's state makes way for a return."""
        with self._changed:
            makes_way = not _returns(upload) and any(map(_returns, self._waiting.values()))
            return not makes_way and self._waiting.get(upload.parcel.report.lease_id) is upload

    def _settle(self, upload: _Upload, lacking: Sentence | None) -> None:
        """Let go of an upload that is done or given up, once."""
        parcel = upload.parcel
        with self._changed:
            if self._waiting.get(parcel.report.lease_id) is not upload:
                return
            del self._waiting[parcel.report.lease_id]
        if lacking is None or isinstance(parcel.report, Returned):
            self._hand_on(replace(parcel, lacking=lacking))
        else:
            self._tell(parcel, lacking)


def _returns(upload: _Upload) -> bool:
    return isinstance(upload.parcel.report, Returned)
