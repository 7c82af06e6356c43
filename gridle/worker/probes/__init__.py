"""What is so on this machine: one adapter per feature of the operating system."""
