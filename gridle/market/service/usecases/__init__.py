"""What the market does, one transaction for each change of state."""
