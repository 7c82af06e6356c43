"""The owner's standing answers to jobs' questions, in the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from gridle.worker.ledger.connection import transaction
from gridle.worker.policy.consent import Answer, Subject


class ConsentTable:
    """Reads and writes answers; each call is one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self) -> Mapping[Subject, Answer]:
        """Return every standing answer, the oldest first."""
        rows = self._connection.execute(
            "SELECT publisher, scope, answer FROM consents ORDER BY answered_at, publisher, scope"
        )
        return {Subject(who, scope): Answer(answer) for who, scope, answer in rows}

    def put(self, subject: Subject, answer: Answer, now: float) -> None:
        """Remember an answer; a later one to the same replaces it."""
        with transaction(self._connection):
            self._connection.execute(
                "INSERT INTO consents VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET answer = excluded.answer, answered_at = excluded.answered_at",
                (subject.publisher, subject.scope, answer.value, now),
            )

    def forget(self, publisher: str) -> None:
        """Forget every answer to one publisher."""
        with transaction(self._connection):
            self._connection.execute("DELETE FROM consents WHERE publisher = ?", (publisher,))
