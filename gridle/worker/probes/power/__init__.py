"""What this machine, or its processors, draw now."""
