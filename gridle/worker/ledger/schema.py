"""The ledger's tables, and how an older file is brought up to date."""

from __future__ import annotations

import sqlite3

_VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE manifests (sha256 TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE tasks (
    lease_id TEXT PRIMARY KEY,
    lease BLOB NOT NULL,
    manifest_sha256 TEXT NOT NULL REFERENCES manifests (sha256),
    state TEXT NOT NULL,
    price_units INTEGER NOT NULL,
    offered_at REAL NOT NULL,
    ended_at REAL,
    cpu_s REAL NOT NULL DEFAULT 0,
    wall_s REAL NOT NULL DEFAULT 0,
    peak_memory_bytes INTEGER NOT NULL DEFAULT 0,
    result_sha256 TEXT
) WITHOUT ROWID;
CREATE INDEX tasks_by_state ON tasks (state);
CREATE TABLE reports (
    lease_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    body BLOB NOT NULL,
    archive TEXT,
    PRIMARY KEY (lease_id, place)
) WITHOUT ROWID;
CREATE TABLE vouchers (
    payer TEXT NOT NULL,
    payee TEXT NOT NULL,
    cumulative_units INTEGER NOT NULL,
    signer TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (payer, payee)
) WITHOUT ROWID;
CREATE TABLE verdicts (
    lease_id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    price_units INTEGER NOT NULL,
    payer TEXT,
    payee TEXT,
    cumulative_units INTEGER,
    explanation BLOB NOT NULL,
    decided_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE redemptions (
    payer TEXT NOT NULL,
    payee TEXT NOT NULL,
    claimed_units INTEGER NOT NULL,
    tx_hash TEXT NOT NULL,
    block_number INTEGER NOT NULL,
    redeemed_at REAL NOT NULL,
    PRIMARY KEY (payer, payee, claimed_units)
) WITHOUT ROWID;
"""

_VERSION_2 = """
CREATE TABLE energy (
    lease_id TEXT PRIMARY KEY,
    energy_mj INTEGER NOT NULL,
    cost_micros INTEGER NOT NULL,
    pay_micros INTEGER NOT NULL,
    net_micros INTEGER NOT NULL,
    currency TEXT NOT NULL,
    is_measured INTEGER NOT NULL,
    ended_at REAL NOT NULL
) WITHOUT ROWID;
"""

_VERSION_3 = """
CREATE TABLE checkpoints (
    lease_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    done_cpu_s REAL NOT NULL,
    saved_at REAL NOT NULL,
    PRIMARY KEY (lease_id, number)
) WITHOUT ROWID;
CREATE TABLE consents (
    publisher TEXT NOT NULL,
    scope TEXT NOT NULL,
    answer TEXT NOT NULL,
    answered_at REAL NOT NULL,
    PRIMARY KEY (publisher, scope)
) WITHOUT ROWID;
CREATE TABLE images (
    image_sha256 TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    used_at REAL NOT NULL
) WITHOUT ROWID;
"""

MIGRATIONS = (_VERSION_1, _VERSION_2, _VERSION_3)
"""Entry n brings a file of version n to version n + 1; entries are never changed, only added."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest version, each step whole or not at all.

    Raises:
        sqlite3.DatabaseError: the file is no ledger, or of a version newer than this program.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise sqlite3.DatabaseError(f"ledger version {version} is newer than {len(MIGRATIONS)}")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
