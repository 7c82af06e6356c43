"""The relay thread: redeems outstanding vouchers, so that providers need no gas."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from gridle.market.protocol.errors import GridleError, RefusedError, UnavailableError
from gridle.market.protocol.ids import Address
from gridle.market.protocol.money import SignedVoucher
from gridle.market.service import bells
from gridle.market.service.domain.retry import Retries
from gridle.market.service.errors import is_disk_full, storage_full
from gridle.market.service.usecases.market import Market
from gridle.market.service.usecases.settling import owed, record_claim

_log = logging.getLogger(__name__)


class Relay:
    """Redeems at most every `redeem_every_s`, and only while something is owed."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._rung = threading.Event()
        self._ended = threading.Event()
        self._was_down = False
        self._retries = Retries()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begin, first with what an earlier run left."""
        self._rung.set()
        self._thread.start()

    def close(self, timeout_s: float) -> None:
        """End; a redemption on its way is found on the chain at the next start."""
        self._ended.set()
        self._rung.set()
        self._thread.join(timeout_s)

    def redeem(self) -> bool:
        """Redeem what is owed once; tells whether anything is still owed after it."""
        with self._market.money_moves:
            self._reconcile()
            vouchers = owed(self._market, self._is_due)
            if vouchers:
                self._send(vouchers)
        return bool(owed(self._market))

    def _run(self) -> None:
        with self._market.bells.listening(bells.OWED, self._rung.set):
            while not self._ended.is_set():
                self._rung.wait()
                self._rung.clear()
                if not self._ended.is_set() and self._try():
                    self._rung.set()
                self._ended.wait(self._market.settings.redeem_every_s)

    def _try(self) -> bool:
        try:
            is_more = self.redeem()
        except UnavailableError as error:
            if not self._was_down:
                _log.warning("redemptions wait: %s", error.sentence.en)
            self._was_down = True
            return True
        except GridleError as error:
            _log.warning("a redemption was refused and is tried again: %s", error.sentence.en)
            return True
        except Exception as error:  # noqa: BLE001 - one bad pair must not end the pay of all others
            if is_disk_full(error):
                _log.error("redemptions wait: %s", storage_full().sentence.en)
            else:
                _log.exception("a redemption failed and is tried again")
            return True
        if self._was_down:
            _log.info("the chain answers again")
        self._was_down = False
        return is_more

    def _reconcile(self) -> None:
        """Write down what the chain has paid already: by another relayer, or before a crash."""
        for signed in owed(self._market, self._is_due):
            self._record(signed, "", 0)

    def _is_due(self, signed: SignedVoucher) -> bool:
        return self._retries.is_due(_pair(signed), time.monotonic())

    def _send(self, vouchers: Sequence[SignedVoucher]) -> None:
        try:
            receipt = self._market.relayer.redeem_many(vouchers)
        except RefusedError as error:
            if len(vouchers) == 1:
                self._unpaid(vouchers[0], error.sentence.en)
                return
            # One bad voucher must not hold up the others.
            for signed in vouchers:
                self._send([signed])
            return
        for signed in vouchers:
            if self._record(signed, receipt.tx_hash, receipt.block_number):
                self._retries.succeeded(_pair(signed))
            else:
                self._unpaid(signed, "the hub paid nothing; the deposit does not cover it")

    def _unpaid(self, signed: SignedVoucher, why: str) -> None:
        wait_s = self._retries.failed(_pair(signed), time.monotonic())
        payer, payee = _pair(signed)
        _log.warning("%s to %s is not paid, next try in %d s: %s", payer, payee, wait_s, why)

    def _record(self, signed: SignedVoucher, tx_hash: str, block_number: int) -> bool:
        pair = signed.voucher
        claimed = self._market.hub.claimed_units(pair.payer, pair.payee)
        return record_claim(
            self._market,
            pair.payer,
            pair.payee,
            claimed,
            tx_hash=tx_hash,
            block_number=block_number,
        )


def _pair(signed: SignedVoucher) -> tuple[Address, Address]:
    return signed.voucher.payer, signed.voucher.payee
