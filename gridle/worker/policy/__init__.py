"""What the machine may do now: limits, readings, and the pure decision between them."""
