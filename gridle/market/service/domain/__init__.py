"""Pure rules of the market: task life, matching, escrow, awards."""
