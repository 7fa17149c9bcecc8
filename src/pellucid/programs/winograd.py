"""Lay out a convolution by Winograd's minimal filtering: its points, its arrays in the arena, and its passes.

`pellucid.engine.kernels.winograd` runs the passes. Derivation: docs/derivations/winograd.md
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.kernels import winograd_table as m
from pellucid.engine.programs import table as t
from pellucid.layers.conv2d import Conv2d
from pellucid.programs.correlation import Numbers, numbers

Matrix = NDArray[np.float64]
Step = tuple[Numbers, list[int]]
"""The layout of a correlation, and the work offsets of its result, bias, weights and input."""

_QUARTERS = {
    3: (0, 4, -4),
    4: (2, -2, 4, -4),
    5: (0, 2, -2, 4, -4),
    6: (2, -2, 4, -4, 8, -8),
    7: (0, 2, -2, 4, -4, 8, -8),
    8: (1, -1, 3, -3, 4, -4, 8, -8),
}
"""The finite points, in quarters, chosen for small rounding errors; infinity is one more point."""

_WORTH_IT = 0.7
"""Winograd's algorithm is used if it takes at most this share of the plain convolution's operations."""


@functools.cache
def matrices(tile: int, taps: int) -> tuple[Matrix, Matrix, Matrix]:
    """A (points, tile), G (points, taps) and B' (points, points): ``y = A' (G w * B' x)`` correlates x with w.

    Examples
    --------
    >>> a, g, b = matrices(2, 3)
    >>> x, w = np.array([1.0, 2, 3, 4]), np.array([1.0, 10, 100])
    >>> (a.T @ (g @ w * (b @ x))).tolist(), np.correlate(x, w).tolist()
    ([321.0, 432.0], [321.0, 432.0])
    """
    points = np.array(_QUARTERS[tile + taps - 2]) / 4
    count = len(points) + 1
    a, g, b = np.zeros((count, tile)), np.zeros((count, taps)), np.zeros((count, count))
    for row, point in enumerate(points):
        others = np.delete(points, row)
        a[row], g[row] = point ** np.arange(tile), point ** np.arange(taps)
        b[row, :-1] = np.poly(others)[::-1] / np.prod(point - others)
    a[-1, -1] = g[-1, -1] = 1
    b[-1] = np.poly(points)[::-1]
    # Powers of two equalise the magnitudes without rounding.
    large, wide = (2.0 ** np.round(np.log2(np.abs(each).max(1, keepdims=True))) for each in (b, g))
    return a * large * wide, g / wide, b / large


def tile_of(layer: Conv2d, before: Numbers, row: Numbers) -> int:
    """Return the number of outputs per tile that takes the fewest operations in training, or 0 for plain sums.

    The first convolution always takes plain sums, because most of an image is background.
    """
    (_, taps), stride, _ = layer.geometry
    if stride != (1, 1) or before[t.OPERATION] == t.INPUT_PLANES:
        return 0
    width = int(row[t.WIDTH])
    costs = {1: _WORTH_IT * _operations(layer, before, row, 0)}
    for tile in range(2, width + 1):
        if width % tile == 0 and tile + taps - 2 in _QUARTERS:
            costs[tile] = _operations(layer, before, row, tile)
    best = min(costs, key=costs.__getitem__)
    return best if best > 1 else 0


def _operations(layer: Conv2d, before: Numbers, row: Numbers, tile: int) -> float:
    """Count vector multiplications, forward and backward, and the sums over lanes; plain sums for a tile of 0."""
    (down, across), _, _ = layer.geometry
    filters = int(row[t.CHANNELS] * before[t.CHANNELS]) * down
    height, width = int(row[t.HEIGHT]), int(row[t.WIDTH])
    if not tile:
        return filters * across * (3 * height * width + _SUM)
    points = tile + across - 1
    around = int(before[t.CHANNELS] * before[t.HEIGHT] + row[t.CHANNELS] * height * tile / points) * width // tile
    return filters * points * (3 * height * width // tile + _SUM) + 2 * around * points**2


_SUM = 4
"""Operations for a sum over the lanes of one vector."""


class Winograd:
    """One convolution's arrays in the arena, and its passes.

    Values at points are stored (points, tiles, channels, lines), with zeros between channels. The kernel then runs
    along the lines of a plane, as a plain convolution runs along the positions of a line.
    """

    def __init__(
        self, layer: Conv2d, before: Numbers, row: Numbers, tile: int, group: int, take: Callable[[int], int]
    ) -> None:
        self.before, self.row, self.tile, self.group = before, row, tile, group
        (self.down, self.across), _, (self.pad_y, self.pad_x) = layer.geometry
        self.points, self.tiles = tile + self.across - 1, int(row[t.WIDTH]) // tile
        self.filters = int(row[t.CHANNELS] * before[t.CHANNELS]) * self.down
        self.stride = t.padded(self.filters)
        self.input_line = (int(before[t.HEIGHT]) + self.pad_y) * group
        self.output_line = (int(row[t.HEIGHT]) + self.down - 1) * group
        self.input_cell = _odd_vectors(int(before[t.CHANNELS]) * self.input_line, group)
        self.output_cell = _odd_vectors(int(row[t.CHANNELS]) * self.output_line, group)
        self.cells = self.tiles * self.points
        self.input = take(self.cells * self.input_cell + self.pad_y * group)
        margin = (self.down - 1) * group
        self.output = take(self.cells * self.output_cell + margin) + margin
        self.transposed, self.gradient = take(self.across * self.stride), take(self.across * self.stride)
        self.weights, self.point_gradient = take(self.points * self.stride), take(self.points * self.stride)
        self.ready, self.biases = take(1), take(int(row[t.CHANNELS]))
        self.constants: list[tuple[int, NDArray[np.float32]]] = []
        self._keep(take)

    def _keep(self, take: Callable[[int], int]) -> None:
        """Place the matrices in the arena."""
        a, g, b = matrices(self.tile, self.across)
        whole = np.zeros((int(self.before[t.WIDTH]) + 2 * self.pad_x, self.tiles, self.points))
        for index in range(self.tiles):
            begin = index * self.tile
            whole[begin : begin + self.points, index] = b.T
        whole = whole[self.pad_x : len(whole) - self.pad_x]
        self.a, self.g, self.b, self.whole = (self._constant(take, each) for each in (a, g, b, whole))

    def _constant(self, take: Callable[[int], int], values: Matrix) -> int:
        place = take(values.size)
        self.constants.append((place, values.astype(np.float32).ravel()))
        return place

    def code(self, begin: int) -> Numbers:
        """Return the numbers for table offset ``begin``: the head, the passes, and the layouts of their steps."""
        passes = [
            self._transform_weights(),
            self._forward(),
            self._transform_deltas(),
            self._transform_gradient(),
            self._backward(),
        ]
        layouts = [self._products(), *(layout for steps in passes for layout, _ in steps)]
        place = begin + m.HEAD
        starts = [place + sum(1 + m.STEP * len(steps) for steps in passes[:index]) for index in range(len(passes))]
        end = starts[-1] + 1 + m.STEP * len(passes[-1])
        places = (end + np.cumsum([0, *map(len, layouts)])).tolist()
        head = [
            self.points, self.across, self.filters, self.stride,
            self.transposed, self.ready, self.biases, self.point_gradient, self.gradient, self.input, self.output,
            places[0], *starts,
        ]  # fmt: skip
        layout, listed = iter(places[1:]), list[int]()
        for steps in passes:
            listed.append(len(steps))
            for _, offsets in steps:
                listed += [next(layout), *offsets]
        return np.concatenate([np.array([*head, *listed], np.int64), *layouts])

    def _transform_weights(self) -> list[Step]:
        """U (points, filters) = G W, with the weights W (columns, filters)."""
        layout = self._of_filters(self.points, self.across, (self.across, 1))
        return [(layout, [self.weights, t.ZEROS, self.g, self.transposed, 0])]

    def _transform_gradient(self) -> list[Step]:
        """The gradient (columns, filters): G' times the gradient at points."""
        layout = self._of_filters(self.across, self.points, (1, self.across))
        return [(layout, [self.gradient, t.ZEROS, self.g, self.point_gradient, 0])]

    def _of_filters(self, rows: int, columns: int, steps: tuple[int, int]) -> Numbers:
        """The product of a matrix (rows, columns) with strides ``steps`` and an array (columns, filters)."""
        lanes = self.group
        head = [rows, 1, self.filters, self.stride, 0, lanes, steps[0], 0, 0, steps[1], 0, 0, lanes, self.stride, 1]
        return numbers([*head, columns, 0], [(0, 0, 1, 0)])

    def _forward(self) -> list[Step]:
        """Transform the input to the points, multiply by the weights there, and transform back."""
        before, row, group = self.before, self.row, self.group
        into_points = numbers(
            [self.points, before[t.CHANNELS], before[t.HEIGHT] * group, self.tiles * self.input_cell, self.input_line,
             group, self.points, 0, 0, 1, 0, 0, before[t.LINE], group, 1, self.points, 0],
            [(0, channel * int(before[t.PLANE]), 1, 0) for channel in range(before[t.CHANNELS])],
        )  # fmt: skip
        products = numbers(
            [row[t.CHANNELS], self.cells, row[t.HEIGHT] * group, self.output_line, self.output_cell, group,
             int(before[t.CHANNELS]) * self.down, self.down, 0, 1,
             self.input_line, 0, group, group, before[t.CHANNELS], self.down, 0],
            self._cells(self.input_cell),
        )  # fmt: skip
        out_of_points = numbers(
            [self.tile, row[t.CHANNELS], row[t.HEIGHT] * group, group, row[t.PLANE], row[t.LINE], 1, 0, 0, self.tile,
             0, 0, group, self.tiles * self.output_cell, 1, self.points, 1],
            [(0, channel * self.output_line, 1, 0) for channel in range(row[t.CHANNELS])],
        )  # fmt: skip
        first, clipped = self.input + self.pad_y * group, self._clipped()
        steps: list[Step] = []
        for index in range(self.tiles):
            source = int(before[t.VALUES]) + (index * self.tile - self.pad_x) * group
            steps.append((into_points, [first + index * self.input_cell, t.ZEROS, self.b, source, 0]))
        steps.append((products, [self.output, t.ZEROS, self.weights, self.input, 0]))
        for index in range(self.tiles):
            into = int(row[t.SUMS]) + index * self.tile * group
            source = self.output + index * self.output_cell
            steps.append((out_of_points, [into, self.biases, self.a, source, clipped]))
        return steps

    def _cells(self, apart: int) -> list[tuple[int, int, int, int]]:
        """For each cell, a point of a tile: the offsets of its weights and of its values."""
        return [(cell // self.tiles * self.stride, cell * apart, 1, 0) for cell in range(self.cells)]

    def _clipped(self) -> int:
        """Whether ReLU is applied in place."""
        return int(self.row[t.SUMS] == self.row[t.VALUES] and self.row[t.ACTIVATION] == t.RELU)

    def _transform_deltas(self) -> list[Step]:
        """The deltas at points: A times the deltas of a tile."""
        row, group = self.row, self.group
        layout = numbers(
            [self.points, row[t.CHANNELS], row[t.HEIGHT] * group, self.tiles * self.output_cell, self.output_line,
             group, self.tile, 0, 0, 1, 0, 0, row[t.DELTA_LINE], row[t.DELTA_STEP], 1, self.tile, 0],
            [(0, channel * int(row[t.DELTA_PLANE]), 1, 0) for channel in range(row[t.CHANNELS])],
        )  # fmt: skip
        steps = []
        for index in range(self.tiles):
            source = int(row[t.DELTAS]) + index * self.tile * int(row[t.DELTA_STEP])
            steps.append((layout, [self.output + index * self.output_cell, t.ZEROS, self.a, source, 0]))
        return steps

    def _products(self) -> Numbers:
        """The layout for the gradient by the weights at points: tiles serve as lines, and lines as positions."""
        head = [
            self.row[t.CHANNELS], self.output_line, self.output_cell, self.group,
            self.before[t.CHANNELS], self.input_line, self.input_cell, self.group, self.group, 1, self.down,
            self.row[t.HEIGHT], self.points, self.stride, self.tiles * self.output_cell,
            self.tiles * self.input_cell, 1,
        ]  # fmt: skip
        return numbers(head, [(0, 0, self.tiles, 0)])

    def _backward(self) -> list[Step]:
        """The gradient by the input: at the points, where it overwrites the input, and transformed back."""
        before, row, group = self.before, self.row, self.group
        lines = int(before[t.HEIGHT]) * group
        products = numbers(
            [before[t.CHANNELS], self.cells, lines, self.input_line, self.input_cell, group,
             self.down, int(before[t.CHANNELS]) * self.down, 0, 1,
             self.output_line, 0, group, -group, row[t.CHANNELS], self.down, 0],
            self._cells(self.output_cell),
        )  # fmt: skip
        out_of_points = numbers(
            [before[t.WIDTH], before[t.CHANNELS], lines, before[t.DELTA_STEP], before[t.DELTA_PLANE],
             before[t.DELTA_LINE], self.cells, self.points, 0, 1,
             self.input_cell, 0, group, self.tiles * self.input_cell, self.tiles, self.points, 0],
            [(0, channel * self.input_line, 1, 0) for channel in range(before[t.CHANNELS])],
        )  # fmt: skip
        place = self.input + self.pad_y * group
        return [
            (products, [place, t.ZEROS, self.weights, self.output + self.pad_y * group, 0]),
            (out_of_points, [int(before[t.DELTAS]), t.ZEROS, self.whole, place, 0]),
        ]


def _odd_vectors(floats: int, group: int) -> int:
    """Round up to an odd number of vectors: values a multiple of the cache way's size apart would evict each other."""
    return (floats // group | 1) * group
