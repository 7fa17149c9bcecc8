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
from typing import Any

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


def as_seed(name: str, value: Any) -> int:
    """An integer of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise ConfigurationError(f"{name} expected an integer of at least 0, got {reprlib.repr(value)}.")
    return int(value)


def as_count(name: str, value: Any) -> int:
    """An integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value < 2**31:
        raise ConfigurationError(f"{name} expected an integer of at least 1, got {reprlib.repr(value)}.")
    return int(value)


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
