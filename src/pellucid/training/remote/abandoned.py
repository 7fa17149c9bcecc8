"""Work that nobody waits for any more: workers in threads of this process leave it."""

from __future__ import annotations

_abandoned: set[str] = set()


def abandon(token: str) -> None:
    """Have the tasks with this token end soon, as far as they run in this process."""
    _abandoned.add(token)


def is_abandoned(token: str) -> bool:
    """Whether tasks with this token should end."""
    return token in _abandoned
