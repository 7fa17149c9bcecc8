"""Arguments that may be of any type, checked where they enter.

Examples
--------
>>> as_fraction("test_fraction", 0.2)
0.2
>>> as_fraction("test_fraction", "a fifth")
Traceback (most recent call last):
pellucid.errors.ConfigurationError: test_fraction expected a number between 0 and 1, got 'a fifth': try 0.2.
"""

from __future__ import annotations

import os
import reprlib
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from pellucid.errors import ConfigurationError


def as_path(name: str, value: Any) -> Path:
    """The path that a string or path object stands for."""
    if not isinstance(value, str | os.PathLike):
        raise ConfigurationError(f"{name} expected a path or a name, got {reprlib.repr(value)}.")
    try:
        return Path(value)
    except TypeError as error:
        raise ConfigurationError(f"{name} expected a path of text, got {reprlib.repr(value)}.") from error


def expanded(path: Path) -> Path:
    """A path with the home folder in place of ``~``."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ConfigurationError(f"There is no home folder for {str(path)!r}: write the path without ~.") from error


def exists(path: Path) -> bool:
    """Whether there is something at a path; a name too long for the file system names nothing."""
    try:
        return path.exists()
    except OSError:
        return False


def as_fraction(name: str, value: Any) -> float:
    """A number between 0 and 1."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not number or not 0 < value < 1:
        raise ConfigurationError(f"{name} expected a number between 0 and 1, got {reprlib.repr(value)}: try 0.2.")
    return float(value)


def is_integer(value: Any) -> TypeGuard[int]:
    """Whether a value is an integer, Python's or NumPy's; True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def as_integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """An integer from ``low`` to ``high``, or of at least ``low`` where there is no ``high``.

    Examples
    --------
    >>> as_integer("steps", 20, 1)
    20
    >>> as_integer("steps", True, 1)
    Traceback (most recent call last):
    pellucid.errors.ConfigurationError: steps expected an integer of at least 1, got True.
    >>> as_integer("keep", 1, 2, 1024)
    Traceback (most recent call last):
    pellucid.errors.ConfigurationError: keep expected an integer from 2 to 1,024, got 1.
    """
    if is_integer(value) and low <= value and (high is None or value <= high):
        return int(value)
    which = f"of at least {low}" if high is None else f"from {low} to {high:,}"
    raise ConfigurationError(f"{name} expected an integer {which}, got {reprlib.repr(value)}.")


def takes(value: Any, count: int) -> bool:
    """Whether a value is a function that can be called with so many arguments, as far as it tells; not a class."""
    if not callable(value) or isinstance(value, type):
        return False
    import inspect  # which takes some milliseconds

    try:
        inspect.signature(value).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # some built-in functions do not tell
        return True
    return True
