"""Functions that run a program table layer by layer, and the entry points that Python calls."""
