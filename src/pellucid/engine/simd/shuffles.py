"""Operations across lanes: transpose squares, repeat quads, and list the numbers of non-zero lanes and quads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.engine.simd.lanes import PLAIN, operation

if not PLAIN:
    from llvmlite import ir
    from numba.core import cgutils, types

    from pellucid.engine.simd.lanes import _INT, Lanes, _address, _broadcast, _call, _constant, _fill


@operation(plain=lambda lanes: int(np.packbits(lanes != 0, bitorder="little")[0]))
def nonzero(typing: Any, lanes: Any) -> Any:
    """Bit mask of the non-zero lanes, of up to 8; the first lane is the lowest bit, and NaN is non-zero."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        different = builder.fcmp_unordered("!=", arguments[0], _constant(lanes, 0.0))
        return builder.zext(builder.bitcast(different, ir.IntType(lanes.width)), _INT)

    return types.int64(lanes), emit


def _plain_quads(different: Any) -> int:
    return int(np.packbits(different.reshape(-1, 4).any(axis=1), bitorder="little")[0])


def _quads(builder: Any, different: Any) -> Any:
    """Bit mask of the quads in which any bit of ``different`` is set."""
    return _some(builder, builder.sext(different, ir.VectorType(ir.IntType(8), different.type.count)))


def _some(builder: Any, bytes_: Any) -> Any:
    """The same for lanes of one byte each."""
    count = bytes_.type.count // 4
    words = builder.bitcast(bytes_, ir.VectorType(ir.IntType(32), count))
    some = builder.icmp_unsigned("!=", words, ir.Constant(words.type, [0] * count))
    return builder.zext(builder.bitcast(some, ir.IntType(count)), _INT)


@operation(plain=lambda lanes, background: _plain_quads(lanes != background))
def nonzero_quads(typing: Any, lanes: Any, background: Any) -> Any:
    """Bit mask of the quads of 32 lanes that differ from ``background``; the first is the lowest bit, NaN differs."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        vector, background = arguments
        return _quads(builder, builder.fcmp_unordered("!=", vector, _broadcast(builder, lanes, background)))

    return types.int64(lanes, types.float32), emit


@operation(plain=lambda memory, index, background: _plain_quads(memory[index : index + 32] != background))
def nonzero_quads_of_bytes(typing: Any, memory: Any, index: Any, background: Any) -> Any:
    """The same for 32 bytes from ``memory[index]`` on; ``background`` is a byte."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, index, background = arguments
        bytes_ = ir.VectorType(ir.IntType(8), 32)
        loaded = builder.load(_address(builder, memory, index, bytes_), align=1)
        levels = _fill(builder, bytes_, builder.trunc(background, ir.IntType(8)))
        return _quads(builder, builder.icmp_unsigned("!=", loaded, levels))

    return types.int64(memory, types.int64, types.int64), emit


def _packed(builder: Any, a: Any, b: Any) -> Any:
    """The lower halves of the integers of two vectors, alternating every 128 bits: one instruction on x86."""
    bits, count = a.type.element.width, a.type.count
    half = ir.VectorType(ir.IntType(bits // 2), 2 * count)
    turn = 128 // bits
    picks = [
        2 * lane + vector * 2 * count
        for begin in range(0, count, turn)
        for vector in range(2)
        for lane in range(begin, begin + turn)
    ]
    indices = ir.Constant(ir.VectorType(ir.IntType(32), 2 * count), picks)
    return builder.shuffle_vector(builder.bitcast(a, half), builder.bitcast(b, half), indices)


def _plain_append(memory: Any, base: int, at: int, first: int, chosen: int) -> int:
    kept = [first + place for place in range(8) if chosen >> place & 1]
    memory[base:].view(np.uint16)[at : at + len(kept)] = kept
    return len(kept)


@operation(plain=_plain_append)
def append_numbers(typing: Any, memory: Any, base: Any, at: Any, first: Any, chosen: Any) -> Any:
    """Append ``first + k`` to a list for every bit k that is set in ``chosen``, of 8 bits; return how many.

    The list of 16-bit integers (`number_at`) begins at ``memory[base]`` and has ``at`` elements so far. All 8 places
    are written.
    """

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, base, at, first, chosen = arguments
        return _append(builder, memory, base, at, first, range(8), chosen)

    integer = types.int64
    return integer(memory, integer, integer, integer, integer), emit


def _plain_append_nonzero_quads(memory: Any, base: int, at: int, first: int, x: Any, xi: int, background: float) -> int:
    return _plain_append(memory, base, at, first, _plain_quads(x[xi : xi + 32] != background))


@operation(plain=_plain_append_nonzero_quads)
def append_nonzero_quads(
    typing: Any, memory: Any, base: Any, at: Any, first: Any, x: Any, xi: Any, background: Any
) -> Any:
    """`append_numbers` of the `nonzero_quads` of 32 floats from ``x[xi]`` on, in fewer instructions."""
    lanes = Lanes(8)

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, base, at, first, x, xi, background = arguments
        levels, masks = _broadcast(builder, lanes, background), []
        for begin in range(0, 32, 8):
            loaded = builder.load(_address(builder, x, builder.add(xi, _INT(begin)), lanes.vector), align=4)
            masks.append(builder.sext(builder.fcmp_unordered("!=", loaded, levels), lanes.integers))
        packed = _packed(builder, _packed(builder, *masks[:2]), _packed(builder, *masks[2:]))
        return _append(builder, memory, base, at, first, [0, 2, 4, 6, 1, 3, 5, 7], _some(builder, packed))

    integer = types.int64
    return integer(memory, integer, integer, integer, x, integer, types.float32), emit


def _append(builder: Any, memory: Any, base: Any, at: Any, first: Any, places: Sequence[int], chosen: Any) -> Any:
    """Append ``first`` and the place of every bit that is set, in ascending order."""
    row, numbers = ir.VectorType(ir.IntType(8), 8), ir.VectorType(ir.IntType(16), 8)
    choices = [sorted(place for bit, place in enumerate(places) if choice >> bit & 1) for choice in range(256)]
    rows = [ir.Constant(row, [*kept, *[0] * (8 - len(kept))]) for kept in choices]
    table = cgutils.global_constant(builder, "choices", ir.Constant(ir.ArrayType(row, len(rows)), rows))
    kept = builder.zext(builder.load(builder.gep(table, [_INT(0), chosen])), numbers)
    offsets = _fill(builder, numbers, builder.trunc(first, numbers.element))
    end = builder.gep(_numbers(builder, memory, base), [at])
    builder.store(builder.add(kept, offsets), builder.bitcast(end, numbers.as_pointer()), align=2)
    return builder.ctpop(chosen)


def _numbers(builder: Any, memory: Any, base: Any) -> Any:
    """A list of 16-bit integers."""
    return builder.bitcast(builder.gep(memory, [base]), ir.IntType(16).as_pointer())


@operation(plain=lambda memory, base, place: int(memory[base:].view(np.uint16)[place]))
def number_at(typing: Any, memory: Any, base: Any, place: Any) -> Any:
    """The element at ``place`` of the list of 16-bit integers that begins at ``memory[base]``."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, base, place = arguments
        return builder.zext(builder.load(builder.gep(_numbers(builder, memory, base), [place]), align=2), _INT)

    return types.int64(memory, types.int64, types.int64), emit


@operation(plain=lambda memory, index, width: np.tile(memory[index : index + 4], width // 4))
def load_quad(typing: Any, memory: Any, index: Any, width: Any) -> Any:
    """Four floats from ``memory[index]`` on, repeated over ``width`` lanes, a constant."""
    lanes, quad = Lanes(width.literal_value), Lanes(4)

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        loaded = builder.load(_address(builder, arguments[0], arguments[1], quad.vector), align=4)
        again = ir.Constant(lanes.integers, [lane % 4 for lane in range(lanes.width)])
        # The fence keeps LLVM from loading each of the four separately for every `broadcast_lane`.
        repeated = builder.shuffle_vector(loaded, ir.Constant(quad.vector, ir.Undefined), again)
        return _call(builder, "llvm.arithmetic.fence", lanes.vector, [repeated])

    return lanes(memory, types.int64, width), emit


@operation(plain=lambda quads, place, width: np.full(width, quads[place], np.float32))
def broadcast_lane(typing: Any, quads: Any, place: Any, width: Any) -> Any:
    """Element ``place`` of a quad from `load_quad`, in all of ``width`` lanes; both are constants."""
    lanes, number = Lanes(width.literal_value), place.literal_value

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        vector = arguments[0]
        near = [lane % quads.width // 4 * 4 + number for lane in range(lanes.width)]
        picks = ir.Constant(lanes.integers, near)
        return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), picks)

    return lanes(quads, place, width), emit


def _plain_transpose_block(y: Any, yi: int, y_row: int, x: Any, xi: int, x_row: int, width: int) -> None:
    block = np.array([x[xi + i * x_row :][:width] for i in range(width)])
    for j in range(width):
        y[yi + j * y_row :][:width] = block[:, j]


def _transposed(builder: Any, lanes: Any, rows: list[Any]) -> list[Any]:
    """The columns of a square of rows."""
    width = lanes.width

    def mix(a: Any, b: Any, places: list[int]) -> Any:
        return builder.shuffle_vector(a, b, ir.Constant(lanes.integers, places))

    def quads(pattern: list[int]) -> list[int]:
        """The same pattern in every quad of lanes; 4 to 7 select lanes of the second vector."""
        return [base + place + (width - 4 if place > 3 else 0) for base in range(0, width, 4) for place in pattern]

    columns: list[Any] = []
    for i in range(0, width, 4):
        a, b, c, d = rows[i : i + 4]
        low, high = quads([0, 4, 1, 5]), quads([2, 6, 3, 7])
        pairs = [(mix(a, b, half), mix(c, d, half)) for half in (low, high)]
        columns += [mix(*pair, quads(pick)) for pair in pairs for pick in ([0, 1, 4, 5], [2, 3, 6, 7])]
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


@operation(plain=_plain_transpose_block)
def transpose_block(
    typing: Any, y: Any, yi: Any, y_row: Any, x: Any, xi: Any, x_row: Any, width: Any
) -> Any:  # fmt: skip
    """``Y = X'`` for a square of ``width`` rows, ``x_row`` and ``y_row`` elements apart, at ``x[xi]`` and ``y[yi]``."""
    lanes = Lanes(width.literal_value)

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        y, yi, y_row, x, xi, x_row, _ = arguments

        def place(memory: Any, begin: Any, row: Any, number: int) -> Any:
            return _address(builder, memory, builder.add(begin, builder.mul(row, _INT(number))), lanes.vector)

        rows = [builder.load(place(x, xi, x_row, i), align=4) for i in range(lanes.width)]
        for j, column in enumerate(_transposed(builder, lanes, rows)):
            builder.store(column, place(y, yi, y_row, j), align=4)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(y, integer, integer, x, integer, integer, width), emit
