"""Numbers, names and comments as C99 text."""

from __future__ import annotations

import math
import re
import textwrap
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

_WIDTH = 116
_COMMENT = re.compile(r"[^A-Za-z0-9 .,:;()+=<>|_'\"&%*{}^-]")
_LONGEST_NAME = 80


def snippet(name: str) -> str:
    """A function in C, as it stands in this package."""
    return files("pellucid.exports").joinpath("c", f"{name}.c").read_text(encoding="utf-8")


def array(kind: str, name: str, values: NDArray[np.generic]) -> str:
    """A constant array, every number as short as it can be for the same bits.

    Examples
    --------
    >>> print(array("float", "bias", np.array([1.5, -0.1], np.float32)))
    static const float bias[2] = {
        1.5f, -0.1f
    };
    """
    ending = "f" if kind == "float" else ""
    numbers = ", ".join(f"{value}{ending}" for value in map(str, values.reshape(-1)))
    body = textwrap.fill(numbers, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"static const {kind} {name}[{values.size}] = {{\n{body}\n}};"


def number(value: float) -> str:
    """A float in C.

    Examples
    --------
    >>> number(255.0), number(0.1)
    ('255.0f', '0.1f')
    """
    return f"{np.float32(value)!s}f"


def string(text: str) -> str:
    r"""A string in C, with every unusual byte of its UTF-8 as an octal number; cut off where it is very long.

    Examples
    --------
    >>> print(string('3"'))
    "3\042"
    """
    plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _.-"
    content = text.encode("utf-8", "replace")[:_LONGEST_NAME]
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in content) + '"'


def comment(lines: list[str]) -> str:
    """A comment. What could end it, or begin a trigraph, becomes an underscore: a slash, a question mark."""
    cleaned = (_COMMENT.sub("_", line) for line in lines)
    return "/* " + "\n * ".join(cleaned).replace(" \n", "\n") + "\n */"


def size_in_words(count: int) -> str:
    """A number of bytes.

    Examples
    --------
    >>> size_in_words(640), size_in_words(13_296)
    ('640 bytes', '13.3 kB')
    """
    return f"{count} bytes" if count < 1000 else f"{math.ceil(count / 100) / 10:,.1f} kB"
