"""Objects with read-only attributes, on which the engine relies."""

from __future__ import annotations

from typing import Any, ClassVar

from pellucid.errors import ConfigurationError


class Fixed:
    """Refuses to set or delete the attributes named in ``_fixed`` a second time.

    Examples
    --------
    >>> class Size(Fixed):
    ...     _fixed = frozenset({"rows"})
    ...
    ...     def __init__(self, rows: int) -> None:
    ...         self.rows = rows
    >>> size = Size(3)
    >>> size.rows = 4
    Traceback (most recent call last):
    pellucid.errors.ConfigurationError: The rows of a Size stay as they were made: make a new Size with other rows.
    """

    _fixed: ClassVar[frozenset[str]] = frozenset()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._fixed and hasattr(self, name):
            self._refuse(name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if name in self._fixed:
            self._refuse(name)
        super().__delattr__(name)

    def _refuse(self, name: str) -> None:
        kind = type(self).__name__
        raise ConfigurationError(f"The {name} of a {kind} stay as they were made: make a new {kind} with other {name}.")
