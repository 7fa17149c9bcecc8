"""Compiled loops over plain arrays, independent of networks and files."""
