"""The market on SQLite, through SQLAlchemy Core."""
