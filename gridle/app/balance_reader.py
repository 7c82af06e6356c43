"""The wallet's balance, read from the chain itself and off the window's thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.ids import Address
from gridle.market.protocol.messages import ChainInfo

REFRESH_MS = 15_000

BalanceOf = Callable[[ChainInfo, Address], int]
"""Reads a wallet's balance in base units; may block; raises `GridleError` where it cannot."""


def balance_on_chain(chain: ChainInfo, address: Address) -> int:
    """Ask the chain itself."""
    from gridle.market.chain.hub import Hub  # noqa: PLC0415 - web3 takes 0.7 s: not at start

    return Hub((chain.rpc_url,), chain.hub).token_balance_units(address)


class BalanceReader(QObject):
    """Emits `read` with (address, units), or `failed`, after each look at the chain."""

    read = Signal(str, object)  # units are larger than Qt's own integers
    failed = Signal()
    _looked = Signal(str, object)  # crosses from the pool's thread to this object's own

    def __init__(self, balance_of: BalanceOf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._balance_of = balance_of
        self._wanted: tuple[ChainInfo, Address] | None = None
        self._paid_units = -1
        self._busy = False
        self._again = False
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._looked.connect(self._take)

    def follow(self, chain: ChainInfo, address: Address, paid_units: int) -> None:
        """Read now if anything here is new, and every 15 seconds from then on."""
        if self._wanted == (chain, address) and paid_units == self._paid_units:
            return
        self._wanted = (chain, address)
        self._paid_units = paid_units
        self._timer.start()
        self.refresh()

    def refresh(self) -> None:
        """Look at the chain; at most one look is under way, and one more waits."""
        if self._wanted is None or self._busy:
            self._again = self._busy
            return
        self._busy = True
        QThreadPool.globalInstance().start(
            _Look(self._balance_of, *self._wanted, self._looked.emit)
        )

    def _take(self, address: str, units: int | None) -> None:
        self._busy = False
        if units is None:
            self.failed.emit()
        else:
            self.read.emit(address, units)
        if self._again:
            self._again = False
            self.refresh()


class _Look(QRunnable):
    """One look at the chain."""

    def __init__(
        self,
        balance_of: BalanceOf,
        chain: ChainInfo,
        address: Address,
        done: Callable[[str, int | None], None],
    ) -> None:
        super().__init__()
        self._balance_of = balance_of
        self._chain = chain
        self._address = address
        self._done = done

    def run(self) -> None:
        """Read the balance; None says that the chain did not answer."""
        try:
            units: int | None = self._balance_of(self._chain, self._address)
        except GridleError:
            units = None
        self._done(self._address, units)
