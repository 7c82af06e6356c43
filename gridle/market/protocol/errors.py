"""The error tree.

GridleError              anything a person should read: one sentence that says what to do
├── InvalidInputError    something from outside is malformed; it was refused, nothing changed
├── UnavailableError     a service, engine, chain or file cannot be had now; trying later can help
├── RefusedError         well-formed, but not allowed in this state or by this party
└── CorruptStateError    a file of ours is damaged; it was set aside, never overwritten
"""

from __future__ import annotations

from gridle.market.protocol.sentence import Sentence


class GridleError(Exception):
    """An error with a sentence for the person; programs exit with `exit_code`."""

    exit_code = 1

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.sentence = Sentence(en, zh)

    def __str__(self) -> str:
        return str(self.sentence)


class InvalidInputError(GridleError):
    """Malformed input from outside."""

    exit_code = 2


class UnavailableError(GridleError):
    """A needed party does not answer now."""

    exit_code = 3


class RefusedError(GridleError):
    """The request is understood and not allowed."""

    exit_code = 4


class CorruptStateError(GridleError):
    """A file of ours is damaged."""

    exit_code = 5
