"""From kernels in Python to machine code, and from machine code to functions that Python calls."""
