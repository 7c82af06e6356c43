"""Whether somebody uses this machine: one adapter per way to tell, joined in `sessions`."""
