"""The kinds of a kernel's arguments, read from its annotations: pointers, numbers, and records of them.

A record is a `typing.NamedTuple`. Machine code takes its fields as separate arguments, so a record costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

Float32 = Annotated[Any, "f"]
"""One float32."""

Float32s = Annotated[Any, "F"]
"""Memory of float32: a pointer in a kernel, an array for the caller of an entry point. The next types are alike."""

Float64s = Annotated[Any, "D"]
Int64s = Annotated[Any, "I"]
UInt16s = Annotated[Any, "H"]
UInt8s = Annotated[Any, "B"]


def fields_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The kind of each argument of a kernel, by name: a letter, or the class of a record.

    The letters: ``i`` int64, ``f`` float32; pointers ``F`` float32, ``D`` float64, ``I`` int64, ``H`` uint16,
    ``B`` uint8.

    Raises
    ------
    TypeError
        If an annotation is neither.
    """
    hints = get_type_hints(function, include_extras=True)
    hints.pop("return", None)
    return {name: _kind(name, hint) for name, hint in hints.items()}


def letters_of(function: Callable[..., Any]) -> str:
    """One letter for each argument of a kernel, and for each field of a record."""
    return "".join(letters_in(kind) for kind in fields_of(function).values())


def letters_in(kind: Any) -> str:
    """One letter for each field of a record, or the letter itself."""
    return kind if isinstance(kind, str) else letters_of(kind)


def _kind(name: str, hint: Any) -> Any:
    if hint is int:
        return "i"
    if hasattr(hint, "_fields"):
        return hint
    letter = getattr(hint, "__metadata__", ("",))[0]
    if letter and letter in "fFDIHB":
        return letter
    raise TypeError(f"{name} expected int, a record or a type of pellucid.engine.compiler.signature, got {hint!r}.")
