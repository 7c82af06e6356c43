"""The market's HTTP door."""
