"""Why a graph cannot become a network of this package."""

from __future__ import annotations


def in_one_line(error: Exception) -> str:
    """What an error says, in one short line."""
    return " ".join(str(error).split())[:200]


class RefusedError(Exception):
    """What is wrong with a node: a clause that follows its name, such as "has weights that are not constants"."""
