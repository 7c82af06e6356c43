"""One budget of the owner's limits as three fields."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSpinBox, QWidget

from gridle.app import texts
from gridle.app.parts import Card, label
from gridle.app.texts import say
from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.limits import Budget, MiB

_LEAST_MEMORY_MIB = 64
_MEMORY_STEP_MIB = 256


class BudgetForm(Card):
    """Processor time, cores and memory; `edited` comes when the owner changes one."""

    edited = Signal()

    def __init__(self, title: Sentence, parent: QWidget | None = None) -> None:
        super().__init__(say(title), parent)
        self.cpu = _field(1, 100, " %")
        self.cores = _field(1, 1, "")
        self.memory = _field(_LEAST_MEMORY_MIB, _LEAST_MEMORY_MIB, " MiB")
        self.memory.setSingleStep(_MEMORY_STEP_MIB)
        form = QGridLayout()
        form.setVerticalSpacing(10)
        form.setColumnStretch(1, 1)
        rows = ((texts.CPU, self.cpu), (texts.CORES, self.cores), (texts.MEMORY, self.memory))
        for number, (name, field) in enumerate(rows):
            caption = label("", say(name))
            caption.setBuddy(field)
            field.setAccessibleName(f"{say(title)}: {say(name)}")
            field.valueChanged.connect(self.edited)
            form.addWidget(caption, number, 0)
            form.addWidget(field, number, 1)
        self.body.addLayout(form)

    def show_budget(self, budget: Budget, machine_cores: int, machine_memory_bytes: int) -> None:
        """Show a budget, within what this machine has."""
        self.blockSignals(True)  # noqa: FBT003 - Qt's own signature
        # A limit set for a larger machine is shown as it is, not cut.
        self.cores.setMaximum(max(machine_cores, budget.cores))
        self.memory.setMaximum(max(machine_memory_bytes // MiB, budget.memory_mib))
        self.cpu.setValue(budget.cpu_percent)
        self.cores.setValue(budget.cores)
        self.memory.setValue(budget.memory_mib)
        self.blockSignals(False)  # noqa: FBT003 - Qt's own signature

    def budget(self) -> Budget:
        """Return what the fields say."""
        return Budget(
            cpu_percent=self.cpu.value(),
            cores=self.cores.value(),
            memory_mib=self.memory.value(),
        )


def _field(least: int, most: int, suffix: str) -> QSpinBox:
    field = QSpinBox()
    field.setRange(least, most)
    field.setSuffix(suffix)
    return field
