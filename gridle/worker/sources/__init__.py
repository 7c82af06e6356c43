"""Where work comes from, behind one port."""
