"""Gridle rents out a computer's idle compute and pays its owner for it."""

__version__ = "0.1.0"
"""As in pyproject.toml; reading it from the installed package would cost each program 20 ms."""
