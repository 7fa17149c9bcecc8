"""Vectors of floats, blocks of them in registers, and threads that wait for each other."""
