"""A whole market on one machine, with play money."""
