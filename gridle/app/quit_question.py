"""The question before the app ends, for it is not the worker that ends."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtWidgets import QMessageBox, QWidget

from gridle.app import texts
from gridle.app.texts import say


class QuitChoice(Enum):
    """What the person chose."""

    STAY = auto()
    LEAVE_WORKER = auto()
    STOP_WORKER = auto()
    END_PRACTICE = auto()


def quit_box(parent: QWidget, *, in_practice: bool) -> tuple[QMessageBox, dict[str, QuitChoice]]:
    """Return the question with the choice behind each button's text."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(say(texts.APP_NAME))
    box.setText(say(texts.QUIT_QUESTION))
    if in_practice:
        box.setInformativeText(say(texts.PRACTICE_DETAIL))
        offers = {say(texts.END_PRACTICE): QuitChoice.END_PRACTICE}
    else:
        box.setInformativeText(say(texts.QUIT_DETAIL))
        offers = {
            say(texts.KEEP_WORKING): QuitChoice.LEAVE_WORKER,
            say(texts.STOP_WORKER): QuitChoice.STOP_WORKER,
        }
    for words in offers:
        box.addButton(words, QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton(say(texts.CANCEL), QMessageBox.ButtonRole.RejectRole)
    box.setEscapeButton(stay)
    box.setDefaultButton(stay)
    return box, offers


def ask_to_quit(parent: QWidget, *, in_practice: bool) -> QuitChoice:
    """Ask, and wait for the answer."""
    box, offers = quit_box(parent, in_practice=in_practice)
    box.exec()
    clicked = box.clickedButton()
    return offers.get(clicked.text(), QuitChoice.STAY)
