"""Float32 SIMD lanes for compiled kernels: one Numba type for an LLVM vector, and the operations on it.

``store(z, i, fma(x, load(w, j, LANES), load(z, i, LANES)))`` in a kernel becomes one vector instruction per call. With
``NUMBA_DISABLE_JIT=1`` the same names are small NumPy functions, so that a debugger can step through the kernels.

Memory is a pointer (an array in plain Python) and an index in elements. Nothing is checked.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engine.compiler.target import lane_width, plain_python

LANES = lane_width()
"""Floats in one register."""

PLAIN = plain_python()

if not PLAIN:
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
    from numba.extending import lower_builtin, models, register_model

    from pellucid.engine.simd.intrinsics import intrinsic

    _INT = ir.IntType(64)

    class Lanes(types.Type):
        """The Numba type of a vector of ``width`` float32."""

        def __init__(self, width: int) -> None:
            self.width = width
            super().__init__(name=f"Lanes({width})")

        @property
        def vector(self) -> ir.VectorType:
            """The LLVM type."""
            return ir.VectorType(ir.FloatType(), self.width)

        @property
        def integers(self) -> ir.VectorType:
            """The LLVM type of a vector of ``width`` 32-bit integers."""
            return ir.VectorType(ir.IntType(32), self.width)

    @register_model(Lanes)
    class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
        def __init__(self, manager: Any, lanes: Lanes) -> None:
            super().__init__(manager, lanes, lanes.vector)

    def _constant(lanes: Lanes, value: float) -> ir.Constant:
        return ir.Constant(lanes.vector, [float(np.float32(value))] * lanes.width)

    def _fill(builder: Any, vector: Any, scalar: Any) -> Any:
        """A vector of LLVM type ``vector`` with ``scalar`` in every lane."""
        nothing = ir.Constant(vector, ir.Undefined)
        single = builder.insert_element(nothing, scalar, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
        return builder.shuffle_vector(single, nothing, zeros)

    def _broadcast(builder: Any, lanes: Lanes, scalar: Any) -> Any:
        return _fill(builder, lanes.vector, scalar)

    def _call(builder: Any, name: str, kind: Any, arguments: list[Any]) -> Any:
        """Call an LLVM intrinsic overloaded on one vector type, such as ``llvm.fma.v8f32``."""
        vector = arguments[-1].type
        full = f"{name}.v{vector.count}f32"
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [argument.type for argument in arguments]), full
        )
        return builder.call(function, arguments)

    def _address(builder: Any, pointer: Any, index: Any, vector: Any) -> Any:
        return builder.bitcast(builder.gep(pointer, [index]), vector.as_pointer())

    for _operator, _method in (
        (operator.add, "fadd"),
        (operator.sub, "fsub"),
        (operator.mul, "fmul"),
        (operator.truediv, "fdiv"),
    ):

        @infer_global(_operator)
        class _Arithmetic(ConcreteTemplate):  # type: ignore[misc]
            cases = [signature(Lanes(width), Lanes(width), Lanes(width)) for width in (4, 8, 16, 32, 64)]  # noqa: RUF012

        def _lower(context: Any, builder: Any, sig: Any, arguments: Any, method: str = _method) -> Any:
            return getattr(builder, method)(*arguments)

        for _width in (4, 8, 16, 32, 64):
            lower_builtin(_operator, Lanes(_width), Lanes(_width))(_lower)

        del _lower

    def operation(plain: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
        """Make a lane operation: the decorated function emits LLVM, and ``plain`` is its equivalent in NumPy."""
        return lambda emit: intrinsic(emit)

else:

    def operation(plain: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
        """Return the plain Python equivalent of a lane operation."""
        return lambda emit: plain


def _plain_store(memory: Any, index: int, lanes: Any) -> None:
    memory[index : index + len(lanes)] = lanes


@operation(plain=lambda memory, index, width: memory[index : index + width].copy())
def load(typing: Any, memory: Any, index: Any, width: Any) -> Any:
    """``width`` floats from ``memory[index]`` on; ``width`` is a constant."""
    lanes = Lanes(width.literal_value)

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return builder.load(_address(builder, arguments[0], arguments[1], lanes.vector), align=4)

    return lanes(memory, types.int64, width), emit


@operation(plain=_plain_store)
def store(typing: Any, memory: Any, index: Any, lanes: Any) -> Any:
    """Write ``lanes`` to memory, from ``memory[index]`` on."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _address(builder, arguments[0], arguments[1], lanes.vector), align=4)
        return context.get_dummy_value()

    return types.void(memory, types.int64, lanes), emit


def _first(builder: Any, lanes: Any, count: Any) -> Any:
    """Mask of the first ``count`` lanes."""
    ramp = ir.Constant(lanes.integers, list(range(lanes.width)))
    bound = _fill(builder, lanes.integers, builder.trunc(count, ir.IntType(32)))
    return builder.icmp_signed("<", ramp, bound)


def _masked(builder: Any, name: str, lanes: Any, kind: Any, arguments: list[Any]) -> Any:
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(kind, [argument.type for argument in arguments]),
        f"llvm.masked.{name}.v{lanes.width}f32.p0",
    )
    return builder.call(function, arguments)


def _plain_load_first(memory: Any, index: int, count: int, width: int) -> Any:
    lanes = np.zeros(width, np.float32)
    lanes[:count] = memory[index : index + min(count, width)]
    return lanes


@operation(plain=_plain_load_first)
def load_first(typing: Any, memory: Any, index: Any, count: Any, width: Any) -> Any:
    """``count`` floats from ``memory[index]`` on, zero in the other lanes; accesses no memory past them."""
    lanes = Lanes(width.literal_value)

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        address = _address(builder, arguments[0], arguments[1], lanes.vector)
        mask = _first(builder, lanes, arguments[2])
        align = ir.Constant(ir.IntType(32), 4)
        return _masked(builder, "load", lanes, lanes.vector, [address, align, mask, _constant(lanes, 0.0)])

    return lanes(memory, types.int64, types.int64, width), emit


def store_part(builder: Any, lanes: Any, memory: Any, index: Any, vector: Any, count: Any) -> None:
    """Store a register, or its first ``count`` lanes; a mask is used only if needed, because masks are slow."""
    address = _address(builder, memory, index, lanes.vector)
    with builder.if_else(builder.icmp_signed(">=", count, _INT(lanes.width)), likely=True) as (whole, not_whole):
        with whole:
            builder.store(vector, address, align=4)
        with not_whole:
            align = ir.Constant(ir.IntType(32), 4)
            _masked(builder, "store", lanes, ir.VoidType(), [vector, address, align, _first(builder, lanes, count)])


def _plain_store_first(memory: Any, index: int, lanes: Any, count: int) -> None:
    memory[index : index + min(count, len(lanes))] = lanes[:count]


@operation(plain=_plain_store_first)
def store_first(typing: Any, memory: Any, index: Any, lanes: Any, count: Any) -> Any:
    """Write the first ``count`` lanes, from ``memory[index]`` on; accesses no memory past them."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, index, vector, count = arguments
        part = Lanes(min(lanes.width, LANES))
        for begin in range(0, lanes.width, part.width):
            some = ir.Constant(ir.VectorType(ir.IntType(32), part.width), list(range(begin, begin + part.width)))
            piece = builder.shuffle_vector(vector, ir.Constant(lanes.vector, ir.Undefined), some)
            store_part(builder, part, memory, builder.add(index, _INT(begin)), piece, builder.sub(count, _INT(begin)))
        return context.get_dummy_value()

    return types.void(memory, types.int64, lanes, types.int64), emit


@operation(plain=lambda value, width: np.full(width, value, np.float32))
def splat(typing: Any, value: Any, width: Any) -> Any:
    """``value`` in every lane."""
    lanes = Lanes(width.literal_value)

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return _broadcast(builder, lanes, arguments[0])

    return lanes(types.float32, width), emit


def _plain_fma(a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` rounded once, because float64 holds the product of two float32 exactly."""
    return (a.astype(np.float64) * b + c).astype(np.float32)


@operation(plain=_plain_fma)
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c``, rounded once if the processor can."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return _call(builder, "llvm.fmuladd", a.vector, list(arguments))

    return a(a, a, a), emit


def _extremum(plain: Callable[..., Any], comparison: str) -> Any:
    @operation(plain=plain)
    def choose(typing: Any, a: Any, b: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            first, second = arguments
            return builder.select(builder.fcmp_ordered(comparison, second, first), second, first)

        return a(a, a), emit

    return choose


def _plain_minimum(a: Any, b: Any) -> Any:
    return np.where(b < a, b, a)


def _plain_maximum(a: Any, b: Any) -> Any:
    return np.where(b > a, b, a)


minimum = _extremum(_plain_minimum, "<")
"""The smaller of two, lane by lane, in one instruction; the first if either is NaN."""

maximum = _extremum(_plain_maximum, ">")
"""The larger of two, lane by lane, in one instruction; the first if either is NaN."""


@operation(plain=np.abs)
def absolute(typing: Any, a: Any) -> Any:
    """The absolute value of every lane."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return _call(builder, "llvm.fabs", a.vector, list(arguments))

    return a(a), emit


@operation(plain=np.copysign)
def copysign(typing: Any, a: Any, b: Any) -> Any:
    """Every lane of a with the sign of the same lane of b."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return _call(builder, "llvm.copysign", a.vector, list(arguments))

    return a(a, a), emit


@operation(plain=lambda a, b, yes, no: np.where(a < b, yes, no))
def where_less(typing: Any, a: Any, b: Any, yes: Any, no: Any) -> Any:
    """``yes`` in the lanes where ``a < b``, else ``no``."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", arguments[0], arguments[1]), arguments[2], arguments[3])

    return a(a, a, a, a), emit


def _plain_fill_rest(lanes: Any, count: int, value: Any) -> Any:
    return np.where(np.arange(len(lanes)) < count, lanes, np.float32(value))


@operation(plain=_plain_fill_rest)
def fill_rest(typing: Any, lanes: Any, count: Any, value: Any) -> Any:
    """The first ``count`` lanes unchanged, ``value`` in the others."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        rest = _broadcast(builder, lanes, arguments[2])
        return builder.select(_first(builder, lanes, arguments[1]), arguments[0], rest)

    return lanes(lanes, types.int64, types.float32), emit


@operation(plain=np.sqrt)
def sqrt(typing: Any, a: Any) -> Any:
    """The square root, lane by lane, correctly rounded."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return _call(builder, "llvm.sqrt", a.vector, list(arguments))

    return a(a), emit


@operation(plain=lambda memory, index, width: memory[index : index + width].astype(np.float32))
def load_bytes(typing: Any, memory: Any, index: Any, width: Any) -> Any:
    """``width`` unsigned bytes from ``memory[index]`` on, as floats."""
    lanes = Lanes(width.literal_value)

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        small = ir.VectorType(ir.IntType(8), lanes.width)
        loaded = builder.load(_address(builder, arguments[0], arguments[1], small), align=1)
        return builder.sitofp(builder.zext(loaded, lanes.integers), lanes.vector)

    return lanes(memory, types.int64, width), emit


def _prefetch(memory: Any, write: int) -> Any:
    """Call LLVM's prefetch into the nearest cache, for reading or for writing."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        word = ir.IntType(32)
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, word, word, word]), "llvm.prefetch.p0"
        )
        address = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), byte)
        builder.call(function, [address, word(write), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(memory, types.int64), emit


@operation(plain=lambda memory, index: None)
def prefetch(typing: Any, memory: Any, index: Any) -> Any:
    """Prefetch ``memory[index]`` for reading; affects speed only."""
    return _prefetch(memory, 0)


@operation(plain=lambda memory, index: None)
def prefetch_write(typing: Any, memory: Any, index: Any) -> Any:
    """Prefetch ``memory[index]`` for writing, where another thread's core has it in its cache; affects speed only."""
    return _prefetch(memory, 1)
