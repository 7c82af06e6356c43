"""A thread that follows one practice job to its end, judging what is revealed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from gridle.market.client.checking import Checker
from gridle.market.client.follow import RETRY_PAUSE_S, follow
from gridle.market.client.job_keys import JobKeys
from gridle.market.client.job_source import JobSource
from gridle.market.client.job_views import fetch_manifest
from gridle.market.client.key_courier import KeyCourier
from gridle.market.client.market_client import MarketClient
from gridle.market.client.own_scripts import OwnScripts
from gridle.market.client.resolve import check_script, combine_script
from gridle.market.practice.requestor_desk import Desk, Paper
from gridle.market.practice.requestor_teller import Teller
from gridle.market.protocol.errors import GridleError, UnavailableError
from gridle.market.protocol.ids import JobId, Sha256
from gridle.market.protocol.job_messages import JobDetail
from gridle.market.protocol.manifest import Manifest

STUCK_AFTER_S = 10.0


class Follower:
    """Follows one job. `over` is set at its end, or when the market refuses it."""

    def __init__(
        self,
        job_id: JobId,
        source: JobSource,
        *,
        connect: Callable[[], MarketClient],
        scripts: OwnScripts,
        keys: JobKeys,
        desk: Desk,
        wake: threading.Event,
        teller: Teller,
    ) -> None:
        self.over = threading.Event()
        self._job_id = job_id
        self._source = source
        self._connect = connect
        self._scripts = scripts
        self._keys = keys
        self._desk = desk
        self._wake = wake
        self._teller = teller
        self._waiting_since: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"follow-{job_id}", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def is_stuck(self, now_s: float) -> bool:
        """Tell whether nobody has worked on the job for a while, by the monotonic clock."""
        since = self._waiting_since
        return since is not None and now_s - since >= STUCK_AFTER_S

    def _run(self) -> None:
        try:
            with self._connect() as client:
                self._follow(client)
        except GridleError as error:
            self._teller.trouble(error)
        finally:
            self.over.set()
            self._wake.set()

    def _follow(self, client: MarketClient) -> None:
        sha256, manifest = self._manifest(client)
        key = self._keys.of(sha256, manifest)
        checker = Checker(client, self._scripts, manifest, check_script(self._source), key=key)
        courier = KeyCourier(client, key, self._teller.trouble) if key is not None else None
        script = combine_script(self._source)

        def changed(detail: JobDetail) -> None:
            self._teller.works_again()
            waiting = detail.status.waiting is not None
            if not waiting:
                self._waiting_since = None
            elif self._waiting_since is None:
                self._waiting_since = time.monotonic()
            self._desk.put(Paper(detail, manifest.resources, script, key))

        follow(
            client,
            self._job_id,
            checker,
            courier,
            on_change=changed,
            on_trouble=self._teller.outage,
            pause=time.sleep,
        )

    def _manifest(self, client: MarketClient) -> tuple[Sha256, Manifest]:
        while True:
            try:
                digest = client.job(self._job_id).status.manifest_sha256
                return digest, fetch_manifest(client, digest)
            except UnavailableError as error:
                self._teller.outage(error)
                time.sleep(RETRY_PAUSE_S)
