"""The worker's only memory: SQLite."""
