"""Gridle rents out a computer's idle compute and pays its owner for it."""
