"""D-Bus as the probes need it: one thread a bus, signals and calls that never block a caller."""
