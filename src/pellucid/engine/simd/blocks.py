"""Blocks in registers: ``rows`` by ``columns`` vectors that a kernel handles as one value.

The inner loop of a convolution is one line, ``block = outer(block, ...)``, and becomes rows times columns vector
instructions. In plain Python a block is an array (rows, columns, width).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.simd.lanes import PLAIN, operation
from pellucid.engine.simd.reductions import sum_lanes

if not PLAIN:
    from llvmlite import ir
    from numba.core import types
    from numba.extending import models, register_model

    from pellucid.engine.simd.lanes import Lanes, _address, _broadcast, _call, store_part

    class Block(types.Type):
        """The Numba type of ``rows`` by ``columns`` vectors of ``width`` float32."""

        def __init__(self, rows: int, columns: int, width: int) -> None:
            self.rows, self.columns, self.lanes = rows, columns, Lanes(width)
            super().__init__(name=f"Block({rows}, {columns}, {width})")

        @property
        def places(self) -> list[tuple[int, int]]:
            """Row and column of each vector, in the order in which they are stored."""
            return [(row, column) for row in range(self.rows) for column in range(self.columns)]

    @register_model(Block)
    class _BlockModel(models.PrimitiveModel):  # type: ignore[misc]
        def __init__(self, manager: Any, block: Block) -> None:
            super().__init__(manager, block, ir.ArrayType(block.lanes.vector, block.rows * block.columns))

    def _at(builder: Any, index: Any, count: int, step: Any) -> Any:
        """``index + count * step``."""
        return index if count == 0 else builder.add(index, builder.mul(step, ir.Constant(ir.IntType(64), count)))

    def _vector(builder: Any, block: Block, memory: Any, index: Any) -> Any:
        return builder.load(_address(builder, memory, index, block.lanes.vector), align=4)

    def _scalar(builder: Any, block: Block, memory: Any, index: Any) -> Any:
        return _broadcast(builder, block.lanes, builder.load(builder.gep(memory, [index])))

    def _sum_each(builder: Any, vectors: list[Any], width: int) -> tuple[Any, list[int]]:
        """The sums of up to ``width`` vectors, side by side, and for each lane the number of the vector it sums.

        Two vectors at a time become one of half sums, so that no lane is idle. Every sum is added by halves.
        """
        nothing = ir.Constant(vectors[0].type, ir.Undefined)
        held = [(vector, [place]) for place, vector in enumerate(vectors)]
        part = width
        while part > 1:
            begins, count = _begins(width, part), max(1, 4 // part)
            folded = []
            for place in range(0, len(held), 2):
                (first, sums), (second, more) = [*held[place : place + 2], (nothing, [width] * (width // part))][:2]
                low, high = (
                    builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(ir.IntType(32), width), order))
                    for order in ([b + lane + shift for b in begins for lane in range(part // 2)]
                                  for shift in (0, part // 2))
                )  # fmt: skip
                labels = sums + more
                if part <= 4:
                    labels = [
                        each for at in range(0, len(sums), count) for each in sums[at:][:count] + more[at:][:count]
                    ]
                folded.append((builder.fadd(low, high), labels))
            held, part = folded, part // 2
        return held[0]

    def _begins(width: int, part: int) -> list[int]:
        """The first lanes of the parts of two concatenated vectors, which alternate within a quarter of a register."""
        if part > 4:
            return [*range(0, 2 * width, part)]
        quarters = [(one, width + one) if part == 4 else (one, one + 2, width + one, width + one + 2)
                    for one in range(0, width, 4)]  # fmt: skip
        return [begin for quarter in quarters for begin in quarter]

    def _emit_products(fetch: Any) -> Any:
        """Emit ``block[r, c] += a[r] * b[c]``, where ``fetch`` loads one a."""

        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            block, (value, a, ai, a_step, b, bi, b_step) = sig.args[0], arguments
            factors = [fetch(builder, block, a, _at(builder, ai, row, a_step)) for row in range(block.rows)]
            for column in range(block.columns):
                vector = _vector(builder, block, b, _at(builder, bi, column, b_step))
                for row, factor in enumerate(factors):
                    place = row * block.columns + column
                    held = builder.extract_value(value, place)
                    result = _call(builder, "llvm.fmuladd", block.lanes.vector, [factor, vector, held])
                    value = builder.insert_value(value, result, place)
            return value

        return emit


def _plain_block(memory: Any, index: int, step: int, rows: int, columns: int, width: int) -> Any:
    starts = np.array([memory[index + row * step] for row in range(rows)], np.float32)
    return np.tile(starts[:, None, None], (1, columns, width))


@operation(plain=_plain_block)
def splat_block(typing: Any, memory: Any, index: Any, step: Any, rows: Any, columns: Any, width: Any) -> Any:
    """A block with ``memory[index + r step]`` in every lane of row r; the last three are constants."""
    block = Block(rows.literal_value, columns.literal_value, width.literal_value)

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        value = ir.Constant(ir.ArrayType(block.lanes.vector, block.rows * block.columns), ir.Undefined)
        starts = [
            _scalar(builder, block, arguments[0], _at(builder, arguments[1], row, arguments[2]))
            for row in range(block.rows)
        ]
        for place, (row, _) in enumerate(block.places):
            value = builder.insert_value(value, starts[row], place)
        return value

    return block(memory, types.int64, types.int64, rows, columns, width), emit


@operation(
    plain=lambda memory, index, row_step, step, rows, columns, width: np.stack(
        [_columns(memory, index + row * row_step, step, columns, width) for row in range(rows)]
    )
)
def load_block(
    typing: Any, memory: Any, index: Any, row_step: Any, step: Any, rows: Any, columns: Any, width: Any
) -> Any:
    """A block whose vector (r, c) is at ``memory[index + r row_step + c step]``; the last three are constants."""
    block = Block(rows.literal_value, columns.literal_value, width.literal_value)

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, index, row_step, step = arguments[:4]
        value = ir.Constant(ir.ArrayType(block.lanes.vector, block.rows * block.columns), ir.Undefined)
        for place, (row, column) in enumerate(block.places):
            at = _at(builder, _at(builder, index, row, row_step), column, step)
            value = builder.insert_value(value, _vector(builder, block, memory, at), place)
        return value

    return block(memory, types.int64, types.int64, types.int64, rows, columns, width), emit


def _columns(memory: Any, index: int, step: int, count: int, width: int) -> Any:
    return np.stack([memory[index + i * step : index + i * step + width] for i in range(count)])


def _plain_outer(block: Any, a: Any, ai: int, a_step: int, b: Any, bi: int, b_step: int) -> Any:
    rows, columns, width = block.shape
    factors = np.array([a[ai + row * a_step] for row in range(rows)], np.float64)
    return (factors[:, None, None] * _columns(b, bi, b_step, columns, width) + block).astype(np.float32)


@operation(plain=_plain_outer)
def outer(typing: Any, block: Any, a: Any, ai: Any, a_step: Any, b: Any, bi: Any, b_step: Any) -> Any:
    """``block[r, c] += a[ai + r a_step] * (the lanes at b[bi + c b_step])``."""
    integer = types.int64
    return block(block, a, integer, integer, b, integer, integer), _emit_products(_scalar)


def _plain_inner(block: Any, a: Any, ai: int, a_step: int, b: Any, bi: int, b_step: int) -> Any:
    rows, columns, width = block.shape
    factors = _columns(a, ai, a_step, rows, width).astype(np.float64)
    return (factors[:, None, :] * _columns(b, bi, b_step, columns, width) + block).astype(np.float32)


@operation(plain=_plain_inner)
def inner(typing: Any, block: Any, a: Any, ai: Any, a_step: Any, b: Any, bi: Any, b_step: Any) -> Any:
    """``block[r, c] += (the lanes at a[ai + r a_step]) * (the lanes at b[bi + c b_step])``."""
    integer = types.int64
    return block(block, a, integer, integer, b, integer, integer), _emit_products(_vector if not PLAIN else None)


def _plain_store_block(memory: Any, index: int, row_step: int, step: int, block: Any) -> None:
    for row, column in np.ndindex(*block.shape[:2]):
        at = index + row * row_step + column * step
        memory[at : at + block.shape[2]] = block[row, column]


@operation(plain=_plain_store_block)
def store_block(typing: Any, memory: Any, index: Any, row_step: Any, step: Any, block: Any) -> Any:
    """Write vector (r, c) to memory, from ``memory[index + r row_step + c step]`` on."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, index, row_step, step, value = arguments
        for place, (row, column) in enumerate(block.places):
            at = _at(builder, _at(builder, index, row, row_step), column, step)
            vector = builder.extract_value(value, place)
            builder.store(vector, _address(builder, memory, at, block.lanes.vector), align=4)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(memory, integer, integer, integer, block), emit


def _plain_store_clipped(memory: Any, index: int, row_step: int, step: int, block: Any, floor: Any) -> None:
    for (row, column), _ in np.ndenumerate(block[..., 0]):
        at = index + row * row_step + column * step
        memory[at : at + block.shape[2]] = np.where(block[row, column] < floor, floor, block[row, column])


@operation(plain=_plain_store_clipped)
def store_clipped(typing: Any, memory: Any, index: Any, row_step: Any, step: Any, block: Any, floor: Any) -> Any:
    """`store_block` with every number below ``floor`` replaced by ``floor``."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, index, row_step, step, value, floor = arguments
        lowest = _broadcast(builder, block.lanes, floor)
        for place, (row, column) in enumerate(block.places):
            vector = builder.extract_value(value, place)
            below = builder.fcmp_ordered("<", vector, lowest)
            at = _at(builder, _at(builder, index, row, row_step), column, step)
            address = _address(builder, memory, at, block.lanes.vector)
            builder.store(builder.select(below, lowest, vector), address, align=4)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(memory, integer, integer, integer, block, types.float32), emit


def _plain_store_first_clipped(memory: Any, index: int, row_step: int, block: Any, floor: Any, count: int) -> None:
    for row, lanes in enumerate(block[:, 0, :count]):
        at = index + row * row_step
        memory[at : at + len(lanes)] = np.where(lanes < floor, floor, lanes)


@operation(plain=_plain_store_first_clipped)
def store_first_clipped(typing: Any, memory: Any, index: Any, row_step: Any, block: Any, floor: Any, count: Any) -> Any:
    """Write the first ``count`` lanes of a block of one column as `store_clipped` does; access no memory past them."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, index, row_step, value, floor, count = arguments
        lowest = _broadcast(builder, block.lanes, floor)
        for row in range(block.rows):
            vector = builder.extract_value(value, row)
            vector = builder.select(builder.fcmp_ordered("<", vector, lowest), lowest, vector)
            store_part(builder, block.lanes, memory, _at(builder, index, row, row_step), vector, count)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(memory, integer, integer, block, types.float32, integer), emit


def _plain_add_sums(memory: Any, index: int, row_step: int, step: int, block: Any) -> None:
    for (row, column), _ in np.ndenumerate(block[..., 0]):
        memory[index + row * row_step + column * step] += sum_lanes(block[row, column])


@operation(plain=_plain_add_sums)
def add_sums(typing: Any, memory: Any, index: Any, row_step: Any, step: Any, block: Any) -> Any:
    """Add the sum of vector (r, c) to ``memory[index + r row_step + c step]``."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        memory, index, row_step, step, value = arguments
        width = block.lanes.width
        for begin in range(0, len(block.places), width):
            some = block.places[begin : begin + width]
            vectors = [builder.extract_value(value, begin + place) for place in range(len(some))]
            sums, order = _sum_each(builder, vectors, width)
            for lane, place in enumerate(order):
                if place < len(some):
                    row, column = some[place]
                    total = builder.extract_element(sums, ir.Constant(ir.IntType(32), lane))
                    address = builder.gep(memory, [_at(builder, _at(builder, index, row, row_step), column, step)])
                    builder.store(builder.fadd(builder.load(address), total), address)
        return context.get_dummy_value()

    integer = types.int64
    return types.void(memory, integer, integer, integer, block), emit
