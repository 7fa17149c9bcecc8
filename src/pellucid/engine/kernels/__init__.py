"""Compiled loops over plain memory, one operation of a network per module."""
