"""Compiled loops over plain arrays. Knows nothing of networks, files or people."""
