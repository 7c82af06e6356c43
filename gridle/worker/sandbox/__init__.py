"""Where hostile tasks run: one port, two kinds of fence."""
