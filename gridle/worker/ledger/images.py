"""Which images of the container engine are ours to remove, and when each was last used."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass

from gridle.market.protocol.ids import Sha256
from gridle.worker.ledger.connection import transaction


@dataclass(frozen=True)
class ImageRecord:
    """An image that we loaded; until it is loaded, `size_bytes` is a guess."""

    image_sha256: Sha256
    size_bytes: int
    used_at: float


class ImageTable:
    """Reads and writes images; each call is one transaction.

    Images are prepared by several threads, so this has a connection of its own, and a lock.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def put(self, record: ImageRecord) -> None:
        """Remember an image as ours.

        Raises:
            UnavailableError: the ledger cannot be written.
        """
        with self._lock, transaction(self._connection):
            self._connection.execute(
                "INSERT INTO images VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
                " size_bytes = excluded.size_bytes, used_at = excluded.used_at",
                (record.image_sha256, record.size_bytes, record.used_at),
            )

    def used(self, image_sha256: Sha256, now: float) -> None:
        """Remember that an image was used, if it is ours.

        Raises:
            UnavailableError: the ledger cannot be written.
        """
        with self._lock, transaction(self._connection):
            self._connection.execute(
                "UPDATE images SET used_at = ? WHERE image_sha256 = ?", (now, image_sha256)
            )

    def forget(self, image_sha256: Sha256) -> None:
        """Remember no longer that an image is ours.

        Raises:
            UnavailableError: the ledger cannot be written.
        """
        with self._lock, transaction(self._connection):
            self._connection.execute("DELETE FROM images WHERE image_sha256 = ?", (image_sha256,))

    def all(self) -> tuple[ImageRecord, ...]:
        """Return our images, the longest unused first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT image_sha256, size_bytes, used_at FROM images"
                " ORDER BY used_at, image_sha256"
            ).fetchall()
        return tuple(ImageRecord(*row) for row in rows)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()
