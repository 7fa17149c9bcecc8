"""Call compiled code from Python: arrays are passed by address, numbers by value."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.signature import fields_of


class Entry:
    """One entry point, called with arrays (C-contiguous, of the right type), integers and floats.

    The arguments are passed in a block of 8-byte slots: arrays by address, numbers by value, records field by field.
    ``keep`` owns the machine code.
    """

    def __init__(self, address: int, letters: str, keep: Any) -> None:
        self._keep = keep
        self.address = address
        self.run: Callable[[int], None] = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)
        """Call the machine code with the address of a block of arguments."""
        self._slots = struct.Struct("=" + "".join("f4x" if letter == "f" else "q" for letter in letters))

    def _block(self, arguments: Sequence[Any]) -> NDArray[np.int64]:
        passed: list[Any] = []
        levels = [iter(arguments)]  # the records that are being read, from the outermost to the innermost
        while levels:
            for each in levels[-1]:
                if isinstance(each, np.ndarray):
                    try:  # `address_of` inlined; nothing is read from an empty array
                        passed.append(_addressof(_from_buffer(each)) if each.size else 0)
                    except (TypeError, ValueError, BufferError):
                        passed.append(each.ctypes.data)
                elif isinstance(each, tuple):
                    levels.append(iter(each))
                    break
                else:
                    passed.append(each)
            else:
                levels.pop()
        try:
            packed = self._slots.pack(*passed)
        except OverflowError:  # too large for float32
            packed = self._slots.pack(*(_as_float32(each) if isinstance(each, float) else each for each in passed))
        return np.frombuffer(bytearray(packed), np.int64)

    def __call__(self, *arguments: Any) -> None:
        """Run."""
        # A name keeps the block alive during the call: other threads run meanwhile and would reuse its memory.
        block = self._block(arguments)
        self.run(address_of(block))

    def bind(self, *arguments: Any) -> Bound:
        """Fix all arguments, so that each call costs less."""
        block = self._block(arguments)
        return Bound(self, arguments, block, _addressof(_from_buffer(block)))


@dataclass(frozen=True, slots=True)
class Bound:
    """An entry point with all its arguments, and the ``block`` of slots that they are passed in, at ``address``."""

    entry: Entry
    arguments: tuple[Any, ...]
    block: NDArray[np.int64]
    address: int

    def __call__(self) -> None:
        """Run."""
        self.entry.run(self.address)

    def place(self, argument: Any) -> int:
        """The address of an argument's slot; the argument is found by identity."""
        slot = next(slot for slot, one in enumerate(_flat(self.arguments)) if one is argument)
        return address_of(self.block[slot:])


def _flat(arguments: Iterable[Any]) -> Iterator[Any]:
    """The arguments one by one, with records replaced by their fields."""
    for each in arguments:
        if isinstance(each, tuple):
            yield from _flat(each)
        else:
            yield each


def _as_float32(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


_addressof = ctypes.addressof
_from_buffer: Callable[[Any], Any] = ctypes.c_char.from_buffer


def address_of(array: NDArray[Any]) -> int:
    """The address of an array's first element, in a third of the time that NumPy's own attribute takes."""
    try:
        return _addressof(_from_buffer(array))
    except (TypeError, ValueError, BufferError):  # read-only, empty or not contiguous
        return array.ctypes.data


class PlainEntry:
    """The same entry point as plain Python, for a debugger: the function receives arrays as flat memory."""

    def __init__(self, function: Callable[..., None]) -> None:
        self._function, self._kinds = function, tuple(fields_of(function).values())

    def __call__(self, *arguments: Any) -> None:
        """Run."""
        with np.errstate(all="ignore"):
            self._function(*map(_as_passed, self._kinds, arguments))

    def bind(self, *arguments: Any) -> Callable[[], None]:
        """Fix all arguments."""
        return lambda: self(*arguments)


def _as_passed(kind: Any, argument: Any) -> Any:
    if not isinstance(kind, str):
        return kind(*map(_as_passed, fields_of(kind).values(), argument))
    if isinstance(argument, np.ndarray):
        return argument.reshape(-1)
    return np.float32(argument) if kind == "f" else int(argument)
