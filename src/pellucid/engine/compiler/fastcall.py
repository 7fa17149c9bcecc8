"""A built-in function that runs the engine on one image or a few, without conversions or look-ups.

A call through ctypes takes longer than a small network does. The function made here is called by the interpreter like
any built-in. It reads the array's fields directly from memory, writes the array's address into the prepared arguments
of an entry point, and calls the entry point. The interpreter's lock (GIL) is held during the call, so no
other thread can use the same buffers; the function is meant for work of microseconds.

The offsets of the fields are those of ``PyArrayObject`` in NumPy's C API; the calling convention is ``METH_FASTCALL``
of Python's stable C API. `is_supported` checks the offsets before the function is used.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.entry import Bound
from pellucid.engine.compiler.guard import guarded
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.records import Answers

SYMBOL = "pellucid_fastcall"

_TYPE, _DATA, _AXES, _SHAPE, _KIND, _FLAGS = 1, 2, 3, 4, 7, 8
"""Offsets of an array's fields, in words of 8 bytes; the number of axes and the flags are 32-bit integers."""

_PLAIN = 0x101
"""Flags of an array that is C-contiguous and aligned."""

_FASTCALL = 0x80

ASSEMBLY = f"""
declare i32 @memcmp(ptr, ptr, i64)

; (self, [image, answer], 2): self is the array of slots that `fastcall` fills, answer receives the outputs. An image
; with one axis more than expected is a batch; the answer then has that axis too.
define ptr @{SYMBOL}(ptr %self, ptr %arguments, i64 %count) {{
  %self.data = getelementptr ptr, ptr %self, i64 {_DATA}
  %slots = load ptr, ptr %self.data
  %slot1 = getelementptr i64, ptr %slots, i64 1
  %slot2 = getelementptr i64, ptr %slots, i64 2
  %slot3 = getelementptr i64, ptr %slots, i64 3
  %slot4 = getelementptr i64, ptr %slots, i64 4
  %way1 = getelementptr i64, ptr %slots, i64 5
  %way2 = getelementptr i64, ptr %slots, i64 10
  %slot15 = getelementptr i64, ptr %slots, i64 15
  %slot16 = getelementptr i64, ptr %slots, i64 16
  %shape = getelementptr i64, ptr %slots, i64 17
  %give = load ptr, ptr %slot1
  %image = load ptr, ptr %arguments
  %image.type = getelementptr ptr, ptr %image, i64 {_TYPE}
  %type = load ptr, ptr %image.type
  %array = load ptr, ptr %slots
  %is.array = icmp eq ptr %type, %array
  br i1 %is.array, label %look, label %refuse

look:
  %image.data = getelementptr ptr, ptr %image, i64 {_DATA}
  %image.axes = getelementptr ptr, ptr %image, i64 {_AXES}
  %image.shape = getelementptr ptr, ptr %image, i64 {_SHAPE}
  %image.kind = getelementptr ptr, ptr %image, i64 {_KIND}
  %image.flags = getelementptr ptr, ptr %image, i64 {_FLAGS}
  %data = load ptr, ptr %image.data
  %axes = load i32, ptr %image.axes
  %sides = load ptr, ptr %image.shape
  %kind = load ptr, ptr %image.kind
  %flags = load i32, ptr %image.flags
  %expected.axes = load i32, ptr %slot2
  %kind1 = load ptr, ptr %way1
  %kind2 = load ptr, ptr %way2
  %is.kind1 = icmp eq ptr %kind, %kind1
  %is.kind2 = icmp eq ptr %kind, %kind2
  %is.known = or i1 %is.kind1, %is.kind2
  %way = select i1 %is.kind1, ptr %way1, ptr %way2
  %both = and i32 %flags, {_PLAIN}
  %is.plain = icmp eq i32 %both, {_PLAIN}
  %extra = sub i32 %axes, %expected.axes
  %has.axes = icmp ule i32 %extra, 1
  %fits1 = and i1 %is.known, %is.plain
  %fits2 = and i1 %fits1, %has.axes
  br i1 %fits2, label %measure, label %refuse

measure:
  %wide.axes = zext i32 %expected.axes to i64
  %bytes = shl i64 %wide.axes, 3
  %lead = zext i32 %extra to i64
  %sides.each = getelementptr i64, ptr %sides, i64 %lead
  %differs = call i32 @memcmp(ptr %sides.each, ptr %shape, i64 %bytes)
  %is.same = icmp eq i32 %differs, 0
  br i1 %is.same, label %compare, label %refuse

compare:
  %answer.at = getelementptr ptr, ptr %arguments, i64 1
  %answer = load ptr, ptr %answer.at
  %answer.data = getelementptr ptr, ptr %answer, i64 {_DATA}
  %answer.axes = getelementptr ptr, ptr %answer, i64 {_AXES}
  %answer.shape = getelementptr ptr, ptr %answer, i64 {_SHAPE}
  %outputs = load ptr, ptr %answer.data
  %out.axes = load i32, ptr %answer.axes
  %out.sides = load ptr, ptr %answer.shape
  %expected.out.axes = load i32, ptr %slot15
  %most = load i64, ptr %slot16
  %all.out.axes = add i32 %expected.out.axes, %extra
  %fits.out = icmp eq i32 %out.axes, %all.out.axes
  %images = load i64, ptr %sides
  %out.images = load i64, ptr %out.sides
  %is.one = icmp eq i32 %extra, 0
  %is.as.many = icmp eq i64 %images, %out.images
  %matches = or i1 %is.one, %is.as.many
  %number = select i1 %is.one, i64 1, i64 %images
  %is.few = icmp ule i64 %number, %most
  %fits3 = and i1 %fits.out, %matches
  %fits4 = and i1 %fits3, %is.few
  br i1 %fits4, label %run, label %refuse

run:
  %way.block = getelementptr ptr, ptr %way, i64 1
  %way.image = getelementptr ptr, ptr %way, i64 2
  %way.outputs = getelementptr ptr, ptr %way, i64 3
  %way.number = getelementptr ptr, ptr %way, i64 4
  %block = load ptr, ptr %way.block
  %place = load ptr, ptr %way.image
  %to = load ptr, ptr %way.outputs
  %counter = load ptr, ptr %way.number
  store ptr %data, ptr %place
  store i64 %number, ptr %counter
  store ptr %outputs, ptr %to
  %entry = load ptr, ptr %slot3
  call void %entry(ptr %block)
  %doubts = load ptr, ptr %slot4
  %doubt = load float, ptr %doubts
  %is.finite = fcmp oeq float %doubt, 0.0
  %done = zext i1 %is.finite to i64
  %result = call ptr %give(i64 %done)
  ret ptr %result

refuse:
  %no = call ptr %give(i64 0)
  ret ptr %no
}}
"""

FastCall = Callable[[Any, NDArray[np.float32]], bool]
"""``call(image, answer)`` returns True if it wrote the outputs for ``image`` to ``answer``; ``image`` may be anything.

``answer`` is a C-contiguous float32 array of the network's output shape, or of (N, output shape) for N images.
"""


class _Method(ctypes.Structure):
    """``PyMethodDef``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class Prepared(NamedTuple):
    """A prepared call, and the argument of it that the images replace."""

    images: NDArray[np.generic]
    call: Bound


class Accepted(NamedTuple):
    """The images that a function accepts: of ``shape``, at most ``most`` at once.

    ``number`` is the argument of the prepared calls, by identity, that holds the number of images.
    """

    shape: tuple[int, ...]
    most: int
    number: np.int64


def fastcall(calls: tuple[Prepared, Prepared], accepted: Accepted, answers: Answers, symbol: int) -> FastCall:
    """Make the function that runs one of two prepared calls, chosen by the type of the images.

    Parameters
    ----------
    calls : two of Prepared
        One call for each type of images.
    accepted : Accepted
        The shape and the number of the images.
    answers : Answers
        The arguments of the calls, by identity, that receive the outputs (1, ...) and the doubts (1,). Doubts other
        than 0 make the function return False.
    symbol : int
        The address of the compiled function.
    """
    (first, one), (second, two) = calls
    shape, most, number = accepted
    outputs, doubts = answers
    slots = np.array([
        id(np.ndarray), _address(ctypes.pythonapi.PyBool_FromLong), len(shape), one.entry.address, doubts.ctypes.data,
        id(first.dtype), one.address, one.place(first), one.place(outputs), one.place(number),
        id(second.dtype), two.address, two.place(second), two.place(outputs), two.place(number),
        outputs.ndim - 1, most, *shape,
    ], np.int64)  # fmt: skip
    held = slots.view(_Slots)
    held.keep = calls
    made: FastCall = _maker()(ctypes.byref(_method(symbol)), held, None)
    return made


class _Slots(np.ndarray):
    """The slots of a function, with a reference to everything that its machine code uses."""

    keep: Any


def _address(function: Any) -> int:
    found = ctypes.cast(function, ctypes.c_void_p).value
    return found or 0


@functools.cache
def _method(symbol: int) -> _Method:
    return _Method(b"fastcall", symbol, _FASTCALL, None)


@functools.cache
def _maker() -> Any:
    kinds = ctypes.POINTER(_Method), ctypes.py_object, ctypes.c_void_p
    return ctypes.PYFUNCTYPE(ctypes.py_object, *kinds)(("PyCFunction_NewEx", ctypes.pythonapi))


@functools.cache
def is_supported() -> bool:
    """Whether an array's fields have the expected offsets here, and arrays are passed as they are, not guarded."""
    probe = np.zeros((2, 3), np.float32)
    if plain_python() or guarded() or object.__basicsize__ != 8 * _DATA:
        return False
    words = (ctypes.c_int64 * 9).from_address(id(probe))
    short = (ctypes.c_int32 * 18).from_address(id(probe))
    return (
        words[_TYPE] == id(np.ndarray)
        and words[_DATA] == probe.ctypes.data
        and short[2 * _AXES] == 2
        and words[_KIND] == id(np.dtype(np.float32))
        and short[2 * _FLAGS] & _PLAIN == _PLAIN
        and words[_SHAPE] != 0
        and tuple((ctypes.c_int64 * 2).from_address(words[_SHAPE])) == probe.shape
    )
