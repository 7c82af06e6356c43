"""Where the money goes, and how much of it the chain says is there."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from gridle.app import texts
from gridle.app.balance_reader import BalanceReader
from gridle.app.parts import Card, label
from gridle.app.presentation import money
from gridle.app.texts import say
from gridle.market.protocol.messages import ChainInfo
from gridle.market.protocol.money_text import UNKNOWN
from gridle.worker.ipc.messages import WorkerState

_COPIED_MS = 1500


class WalletPanel(Card):
    """The payout address with its balance on the chain."""

    def __init__(self, reader: BalanceReader, parent: QWidget | None = None) -> None:
        super().__init__(say(texts.WALLET), parent)
        self._reader = reader
        self._chain: ChainInfo | None = None
        self.balance = label("figure", UNKNOWN)
        self.balance.setAccessibleName(say(texts.BALANCE))
        self.trouble = label("muted", wraps=True)
        self.trouble.hide()
        self.address = label("mono", UNKNOWN, wraps=True)
        self.address.setAccessibleName(say(texts.ADDRESS))
        self.address.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.copy = QPushButton(say(texts.COPY))
        self.copy.setToolTip(say(texts.COPY_HINT))
        self.copy.setAccessibleDescription(say(texts.COPY_HINT))
        self.copy.setEnabled(False)
        self.copy.clicked.connect(self._copy)
        self.body.addWidget(label("muted", say(texts.BALANCE)))
        self.body.addWidget(self.balance)
        self.body.addWidget(self.trouble)
        row = QHBoxLayout()
        row.addWidget(label("muted", say(texts.ADDRESS)), stretch=1)
        row.addWidget(self.copy)
        self.body.addLayout(row)
        self.body.addWidget(self.address)
        self.body.addStretch(1)
        reader.read.connect(self._show_balance)
        reader.failed.connect(self._show_trouble)

    def show_state(self, state: WorkerState | None) -> None:
        """Show the address, and follow its balance."""
        if state is None:
            return
        self._chain = state.market.chain
        self.address.setText(state.payout_address)
        self.copy.setEnabled(True)
        if self._chain is not None:
            self._reader.follow(self._chain, state.payout_address, state.earnings.paid_units)

    def _show_balance(self, address: str, units: int) -> None:
        if address == self.address.text():
            self.balance.setText(money(units, self._chain))
            self.trouble.hide()

    def _show_trouble(self) -> None:
        self.trouble.setText(say(texts.BALANCE_UNKNOWN))
        self.trouble.show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.address.text())
        self.copy.setText(say(texts.COPIED))
        QTimer.singleShot(_COPIED_MS, self.copy, lambda: self.copy.setText(say(texts.COPY)))
