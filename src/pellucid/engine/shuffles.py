"""Lanes that change places: squares turned about, and the places of what is ink written side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.lanes import PLAIN, operation
from pellucid.engine.target import squeezes

if not PLAIN:
    from llvmlite import ir
    from numba.core import cgutils, types

    from pellucid.engine.lanes import _INT, Lanes, _address, _constant, _spread


def _plain_keep_inked(memory: Any, index: int, first: int, ink: Any) -> int:
    kept = np.flatnonzero(ink != 0).astype(np.int32) + np.int32(first)
    memory[index : index + len(kept)] = kept.view(np.float32)
    return len(kept)


def _squeezed(builder: Any, lanes: Any, chosen: Any) -> Any:
    """The places of the chosen lanes side by side, by the processor's own instruction."""
    squeeze = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(lanes.integers, [lanes.integers, chosen.type, lanes.integers]),
        f"llvm.experimental.vector.compress.v{lanes.width}i32",
    )
    ramp = ir.Constant(lanes.integers, list(range(lanes.width)))
    return builder.call(squeeze, [ramp, chosen, ir.Constant(lanes.integers, ir.Undefined)])


def _looked_up(builder: Any, lanes: Any, chosen: Any) -> Any:
    """The same from a table of all choices, for up to 8 lanes."""
    width = lanes.width
    row = ir.VectorType(ir.IntType(8), width)
    choices = [[lane for lane in range(width) if choice >> lane & 1] for choice in range(1 << width)]
    rows = [ir.Constant(row, [*places, *[0] * (width - len(places))]) for places in choices]
    table = cgutils.global_constant(builder, "choices", ir.Constant(ir.ArrayType(row, len(rows)), rows))
    choice = builder.zext(builder.bitcast(chosen, ir.IntType(width)), _INT)
    return builder.zext(builder.load(builder.gep(table, [_INT(0), choice])), lanes.integers)


@operation(plain=_plain_keep_inked)
def keep_inked(typing: Any, memory: Any, index: Any, first: Any, ink: Any) -> Any:
    """Write ``first`` + the places of the lanes of ``ink`` that are not 0, side by side; return how many they are.

    They lie as 32-bit integers (`integer_at`) from ``memory[index]`` on. A whole register is written.
    """
    part = Lanes(min(ink.width, 16 if squeezes() else 8))

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, index, first, vector = arguments
        unlike = builder.fcmp_unordered("!=", vector, _constant(ink, 0.0))
        start, bits = index, ir.IntType(part.width)
        for begin in range(0, ink.width, part.width):
            some = ir.Constant(part.integers, list(range(begin, begin + part.width)))
            chosen = builder.shuffle_vector(unlike, ir.Constant(unlike.type, ir.Undefined), some)
            places = (_squeezed if part.width == 16 else _looked_up)(builder, part, chosen)
            offset = builder.trunc(builder.add(first, _INT(begin)), ir.IntType(32))
            spread = _spread(builder, part.integers, offset)
            builder.store(builder.add(places, spread), _address(builder, memory, index, part.integers), align=4)
            index = builder.add(index, builder.zext(builder.ctpop(builder.bitcast(chosen, bits)), _INT))
        return builder.sub(index, start)

    return types.int64(memory, types.int64, types.int64, ink), emit


@operation(plain=lambda memory, index: int(memory[index : index + 1].view(np.int32)[0]))
def integer_at(typing: Any, memory: Any, index: Any) -> Any:
    """The 32-bit integer that lies at ``memory[index]``."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        word = ir.IntType(32)
        memory, index = arguments
        return builder.sext(builder.load(_address(builder, memory, index, word), align=4), _INT)

    return types.int64(memory, types.int64), emit


def _plain_turn_block(y: Any, yi: int, y_row: int, x: Any, xi: int, x_row: int, width: int) -> None:
    block = np.array([x[xi + i * x_row :][:width] for i in range(width)])
    for j in range(width):
        y[yi + j * y_row :][:width] = block[:, j]


def _turned(builder: Any, lanes: Any, rows: list[Any]) -> list[Any]:
    """The columns of as many rows as they are wide."""
    width = lanes.width

    def mix(a: Any, b: Any, places: list[int]) -> Any:
        return builder.shuffle_vector(a, b, ir.Constant(lanes.integers, places))

    def fours(pattern: list[int]) -> list[int]:
        """The same pick in every four lanes; 4 to 7 mean the second vector's."""
        return [base + place + (width - 4 if place > 3 else 0) for base in range(0, width, 4) for place in pattern]

    columns: list[Any] = []
    for i in range(0, width, 4):
        a, b, c, d = rows[i : i + 4]
        low, high = fours([0, 4, 1, 5]), fours([2, 6, 3, 7])
        pairs = [(mix(a, b, half), mix(c, d, half)) for half in (low, high)]
        columns += [mix(*pair, fours(pick)) for pair in pairs for pick in ([0, 1, 4, 5], [2, 3, 6, 7])]
    step = 4
    while step < width:
        low = [lane if not lane & step else width + lane - step for lane in range(width)]
        high = [lane + step if not lane & step else width + lane for lane in range(width)]
        for i in range(width):
            if not i & step:
                a, b = columns[i], columns[i + step]
                columns[i], columns[i + step] = mix(a, b, low), mix(a, b, high)
        step *= 2
    return columns


@operation(plain=_plain_turn_block)
def turn_block(
    typing: Any, y: Any, yi: Any, y_row: Any, x: Any, xi: Any, x_row: Any, width: Any
) -> Any:  # fmt: skip
    """``Y = X'`` for a square of ``width`` rows, ``x_row`` and ``y_row`` elements apart, at ``x[xi]`` and ``y[yi]``."""
    lanes = Lanes(width.literal_value)

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        y, yi, y_row, x, xi, x_row, _ = arguments

        def place(memory: Any, begin: Any, row: Any, number: int) -> Any:
            return _address(builder, memory, builder.add(begin, builder.mul(row, _INT(number))), lanes.vector)

        rows = [builder.load(place(x, xi, x_row, i), align=4) for i in range(lanes.width)]
        for j, column in enumerate(_turned(builder, lanes, rows)):
            builder.store(column, place(y, yi, y_row, j), align=4)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(y, integer, integer, x, integer, integer, width), emit
