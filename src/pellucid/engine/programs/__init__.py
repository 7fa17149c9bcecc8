"""What runs a table layer by layer, and the entry points that Python calls."""
