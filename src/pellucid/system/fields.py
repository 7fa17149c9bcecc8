"""Tables of fields with types and ranges, and checks of untrusted values against them.

Examples
--------
>>> table = {"epoch": Integer(0, 9), "rate": Number(0.0, 1.0), "over": Flag()}
>>> check(table, {"epoch": 3, "rate": 0.5, "over": False})
>>> check(table, {"epoch": True, "rate": 0.5, "over": False})
Traceback (most recent call last):
pellucid.system.fields.FieldError: epoch expected an integer from 0 to 9, got True
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class FieldError(ValueError):
    """A value does not agree with its field: one clause that names it, for an error of the caller's own."""


class Field(Protocol):
    """What a value may be."""

    @property
    def wanted(self) -> str:
        """What is expected, in words."""

    def takes(self, value: Any) -> bool:
        """Whether the value is that."""


@dataclass(frozen=True)
class Integer:
    """An integer, no truth value, from ``low`` to ``high`` where there is one."""

    low: int = 0
    high: int | None = 1 << 31

    @property
    def wanted(self) -> str:
        """See `Field.wanted`."""
        return (
            f"an integer of at least {self.low:,}"
            if self.high is None
            else f"an integer from {self.low:,} to {self.high:,}"
        )

    def takes(self, value: Any) -> bool:
        """See `Field.takes`."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and self.low <= value and (self.high is None or value <= self.high)


@dataclass(frozen=True)
class Number:
    """An integer or float, no truth value, from ``low`` to ``high``, which may be infinite; never NaN."""

    low: float = -1.7e308
    high: float = 1.7e308

    @property
    def wanted(self) -> str:
        """See `Field.wanted`."""
        return f"a number from {self.low:g} to {self.high:g}"

    def takes(self, value: Any) -> bool:
        """See `Field.takes`."""
        return isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True)
class Flag:
    """True or False."""

    wanted = "true or false"

    def takes(self, value: Any) -> bool:
        """See `Field.takes`."""
        return isinstance(value, bool)


@dataclass(frozen=True)
class Text:
    """A string of at most ``most`` characters."""

    most: int = 10_000

    @property
    def wanted(self) -> str:
        """See `Field.wanted`."""
        return f"text of at most {self.most:,} characters"

    def takes(self, value: Any) -> bool:
        """See `Field.takes`."""
        return isinstance(value, str) and len(value) <= self.most


@dataclass(frozen=True)
class Choice:
    """One of these strings."""

    choices: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """See `Field.wanted`."""
        return f"one of {', '.join(self.choices)}"

    def takes(self, value: Any) -> bool:
        """See `Field.takes`."""
        return isinstance(value, str) and value in self.choices


@dataclass(frozen=True)
class Maybe:
    """Nothing, or what ``field`` takes."""

    field: Field

    @property
    def wanted(self) -> str:
        """See `Field.wanted`."""
        return f"nothing or {self.field.wanted}"

    def takes(self, value: Any) -> bool:
        """See `Field.takes`."""
        return value is None or self.field.takes(value)


@dataclass(frozen=True)
class Several:
    """A list of ``least`` to ``most`` values of a field."""

    field: Field
    least: int = 0
    most: int = 1 << 20

    @property
    def wanted(self) -> str:
        """See `Field.wanted`."""
        return f"a list of {self.least:,} to {self.most:,} values, each {self.field.wanted}"

    def takes(self, value: Any) -> bool:
        """See `Field.takes`."""
        return isinstance(value, list) and self.least <= len(value) <= self.most and all(map(self.field.takes, value))


@dataclass(frozen=True)
class Table:
    """A dictionary of anything, nested at most ``depth`` deep: who reads it checks it."""

    depth: int = 50

    @property
    def wanted(self) -> str:
        """See `Field.wanted`."""
        return f"a dictionary nested at most {self.depth} deep"

    def takes(self, value: Any) -> bool:
        """See `Field.takes`."""
        if not isinstance(value, dict):
            return False
        level: list[Any] = [value]
        for _ in range(self.depth):
            level = [inner for outer in level for inner in _within(outer)]
        return not level


def _within(outer: Any) -> Iterable[Any]:
    """What a dictionary or list holds; nothing for others."""
    return outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ()


_NONE: Mapping[str, Field] = {}


def check(table: Mapping[str, Field], values: Any, *, optional: Mapping[str, Field] = _NONE, of: str = "") -> None:
    """Refuse what is not a dictionary of exactly the fields of ``table``, and perhaps ``optional`` ones.

    Raises
    ------
    FieldError
        Naming the field, after ``of``, what it is in.
    """
    lead = f"{of}." if of else ""
    if not isinstance(values, dict):
        raise FieldError(f"{of or 'the description'} expected a dictionary, got {reprlib.repr(values)}")
    for name in table:
        if name not in values:
            raise FieldError(f"{lead}{name} is missing")
    for name, value in values.items():
        field = table.get(name) or optional.get(name)
        if field is None:
            raise FieldError(f"{lead}{reprlib.repr(name)} is not known")
        if not field.takes(value):
            raise FieldError(f"{lead}{name} expected {field.wanted}, got {reprlib.repr(value)}")
