"""Schema migrations, run at every start."""
