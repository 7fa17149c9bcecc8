"""Plan a network with layers of any kind: its program table, and the arena of one group of images.

The first row stands for the images. `Flatten` has no row of its own: planes are laid out as rows where a dense layer
or the end of the network needs rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.target import lane_width
from pellucid.engine.programs import table as t
from pellucid.layers.activation import activation
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.dropout import Dropout
from pellucid.layers.flatten import Flatten
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d
from pellucid.programs.correlation import backward_code, forward_code, weight_gradient_code
from pellucid.programs.winograd import Winograd, tile_of
from pellucid.system.memory import aligned

_SLACK = 512
"""Floats past the end of an arena, for reads of whole vectors."""

_ROWS = 4
"""Least number of rows of a dense layer: the matrix product takes four at a time."""

Planes = tuple[int, int, int]


@dataclass(frozen=True)
class PlanesPlan:
    """A program table and the layout of its arena.

    ``code`` holds the rows, and behind them the layouts of convolutions. An arena for ``group`` images has ``size``
    floats, among them ``constants`` at their offsets. ``places`` is the row of each layer, or -1 for one without a row.
    """

    code: NDArray[np.int64]
    rows: int
    size: int
    group: int
    places: tuple[int, ...]
    constants: tuple[tuple[int, Vector], ...] = ()

    @property
    def table(self) -> NDArray[np.int64]:
        """The rows alone, (rows, COLUMNS)."""
        return self.code[: self.rows * t.COLUMNS].reshape(self.rows, t.COLUMNS)

    def arena(self) -> Vector:
        """Return a new arena; each thread needs one."""
        arena = aligned(self.size)
        arena[t.ONES : t.ONES + 16] = 1.0
        for place, values in self.constants:
            arena[place : place + values.size] = values
        return arena

    def reading_arena(self) -> Vector:
        """Return an arena for reading only; it has the same size."""
        return self.arena()

    def block(self, arena: Vector, row: int, column: int, images: int) -> Vector:
        """The first ``images`` of a row's SUMS or VALUES in an arena, (images, outputs): a view or a copy."""
        entry = self.table[row]
        begin, stride = entry[column], entry[t.STRIDE]
        if stride:
            return arena[begin:][: images * stride].reshape(images, stride)[:, : entry[t.OUTPUTS]]
        channels, height, width, plane, line = entry[[t.CHANNELS, t.HEIGHT, t.WIDTH, t.PLANE, t.LINE]]
        shape = channels, height, width, self.group
        strides = plane * 4, line * 4, self.group * 4, 4
        planes = np.lib.stride_tricks.as_strided(arena[begin:], shape, strides)
        return np.ascontiguousarray(planes.reshape(-1, self.group)[:, :images].T)


@dataclass
class _Row:
    """One row while it is being written: its operation, and its output as planes or a number of features."""

    operation: int
    planes: Planes | None
    features: int
    layer: Layer | None = None
    numbers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(t.COLUMNS, np.int64))

    def __getitem__(self, column: int) -> int:
        return int(self.numbers[column])

    def put(self, **columns: int) -> None:
        for name, value in columns.items():
            self.numbers[getattr(t, name)] = value


def needs_planes(layers: Sequence[Layer]) -> bool:
    """Whether the network has layers other than dense ones."""
    return not all(isinstance(layer, Dense | Flatten) for layer in layers)


def planes_plan(
    layers: Sequence[Layer], input_shape: Shape, *, group: int = 0, open_to_view: bool = False
) -> PlanesPlan:
    """Plan the table and the arena of a network.

    Parameters
    ----------
    layers : sequence of Layer
        The network, first layer first.
    input_shape : tuple of int
        Shape of one input.
    group : int
        Images at a time: by default one in each lane, or 1.
    open_to_view : bool
        Whether weighted sums are kept beside activations, images have deltas, and dropout is off.
    """
    rows, places = _rows(layers, input_shape)
    writer = _Writer(rows, group or lane_width(), open_to_view)
    _parameters(rows, layers, input_shape, places)
    for index in range(len(rows)):
        writer.values(index)
        writer.deltas(index)
    code = writer.descriptions()
    return PlanesPlan(
        np.concatenate(code), len(rows), writer.size + _SLACK, writer.group, places, tuple(writer.constants)
    )


def can_read_one(layers: Sequence[Layer]) -> bool:
    """Whether a single image can be read with neighbouring positions in the lanes: all convolutions have stride 1."""
    return all(
        layer.geometry[1] == (1, 1) and layer.activation in ("relu", "identity")
        for layer in layers
        if isinstance(layer, Conv2d)
    )


def _planes_of(shape: Shape) -> Planes:
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (1, 1, math.prod(shape))


_OPERATIONS: dict[type[Layer], int] = {
    Dense: t.DENSE,
    Conv2d: t.CONV2D,
    MaxPool2d: t.MAX_POOL,
    AvgPool2d: t.AVG_POOL,
    Dropout: t.DROPOUT,
}


def _rows(layers: Sequence[Layer], shape: Shape) -> tuple[list[_Row], tuple[int, ...]]:
    """Return the rows of the table, and the row of each layer."""
    telling = [layer for layer in layers if not isinstance(layer, Flatten | Dropout)]
    in_lines = bool(telling) and isinstance(telling[0], Dense)
    first = _Row(t.INPUT_ROWS, None, math.prod(shape)) if in_lines else _Row(
        t.INPUT_PLANES, _planes_of(shape), math.prod(shape))  # fmt: skip
    rows, places = [first], []
    for layer in layers:
        shape = layer.output_shape(shape)
        if isinstance(layer, Flatten):
            places.append(-1)
            continue
        if isinstance(layer, Dense) and rows[-1].planes is not None:
            rows.append(_Row(t.FLATTEN, None, rows[-1].features))
        flat = isinstance(layer, Dense) or (isinstance(layer, Dropout) and rows[-1].planes is None)
        planes = rows[-1].planes if isinstance(layer, Dropout) else _planes_of(shape)
        places.append(len(rows))
        rows.append(_Row(_OPERATIONS[type(layer)], None if flat else planes, math.prod(shape), layer))
    if rows[-1].planes is not None:
        rows.append(_Row(t.FLATTEN, None, rows[-1].features))
    return rows, tuple(places)


def _parameters(rows: list[_Row], layers: Sequence[Layer], shape: Shape, places: tuple[int, ...]) -> None:
    """Fill in the offsets of each layer's weights and bias in the flat vector."""
    begin = 0
    for layer, place in zip(layers, places, strict=True):
        shapes = layer.parameter_shapes(shape)
        if shapes:
            rows[place].put(WEIGHT=begin, BIAS=begin + math.prod(shapes["weight"]))
        begin += layer.parameter_count(shape)
        shape = layer.output_shape(shape)


class _Writer:
    """Fills the rows and allocates the arena; its head is for losses, zeros and ones."""

    def __init__(self, rows: list[_Row], group: int, open_to_view: bool) -> None:
        self.rows, self.group, self.open = rows, group, open_to_view
        self.lines = max(group, _ROWS)
        self.size = 3 * t.TILE + 32
        self.salt = 0
        self.constants: list[tuple[int, Vector]] = []

    def take(self, count: int) -> int:
        begin = self.size
        self.size += t.padded(count)
        return begin

    def values(self, index: int) -> None:
        """Place the sums and activations of a row, and fill in the parameters of its layer."""
        row = self.rows[index]
        layer = row.layer
        row.put(OPERATION=row.operation, OUTPUTS=row.features)
        row.put(ACTIVATION=_activation_of(layer), INPUTS=self.rows[index - 1].features if index else row.features)
        in_place = not self.open and row.planes is not None and row[t.ACTIVATION] in (t.IDENTITY, t.RELU)
        if row.planes is None:
            self._lines(row)
        else:
            self._planes(row, self._margin(index))
        row.put(SUMS=row[t.VALUES])
        if row[t.ACTIVATION] != t.IDENTITY and not in_place:
            row.put(SUMS=self._another(row))
        if index == 0:
            row.put(SOURCE=self.take(row.features + 2 * (t.SPARSE_STEP - 1) + t.ALIGNMENT - 1))
            if row.planes is not None and self.group == lane_width():
                row.put(BOUNDS=self.take(4))
        else:
            row.put(SOURCE=self.rows[index - 1][t.VALUES], SOURCE_STRIDE=self.rows[index - 1][t.STRIDE])
        if isinstance(layer, Dropout):
            self.salt += 1
            factors = self.take(-(-row.features // 4) * 4 * max(self.group, lane_width()))
            row.put(CHANCE=0 if self.open else layer.chance, SALT=self.salt, SUMS=factors)
        elif isinstance(layer, MaxPool2d | AvgPool2d):
            (window_y, window_x), (step_y, step_x) = layer.geometry
            row.put(WINDOW_Y=window_y, WINDOW_X=window_x, STEP_Y=step_y, STEP_X=step_x)

    def _lines(self, row: _Row) -> None:
        stride = t.padded(row.features)
        row.put(STRIDE=stride, VALUES=self.take(self.lines * stride))
        row.put(CHANNELS=1, HEIGHT=1, WIDTH=row.features, PLANE=row.features, LINE=row.features)

    def _margin(self, index: int) -> int:
        """Return the number of zeros beside each line that the convolution after this row needs."""
        after = self.rows[index + 1].layer if index + 1 < len(self.rows) else None
        return after.geometry[2][1] if isinstance(after, Conv2d) else 0

    def _planes(self, row: _Row, margin: int) -> None:
        channels, height, width = row.planes or (1, 1, row.features)
        line = (width + margin) * self.group
        begin = self.take(channels * height * line + 2 * margin * self.group)
        row.put(CHANNELS=channels, HEIGHT=height, WIDTH=width, PLANE=height * line, LINE=line)
        row.put(VALUES=begin + margin * self.group)

    def _another(self, row: _Row) -> int:
        if row.planes is None:
            return self.take(self.lines * row[t.STRIDE])
        return self.take(row[t.CHANNELS] * row[t.PLANE])

    def deltas(self, index: int) -> None:
        """Place the gradients by the sums of a row; the images have none where only parameters are trained."""
        row = self.rows[index]
        if row.operation == t.DENSE:
            scratch = row[t.OUTPUTS] + row[t.INPUTS]
            row.put(TRANSPOSED=self.take(scratch * lane_width()))
        if index == 0 and not self.open:
            return
        if row.operation == t.FLATTEN:
            row.put(DELTAS=self.take(max(row[t.STRIDE] * self.lines, row.features * lane_width())))
            row.put(TRANSPOSED=self.take(row.features * lane_width()))
        elif row.planes is None:
            row.put(DELTAS=self.take(self.lines * row[t.STRIDE]))
        elif self._over_values(index):
            row.put(DELTAS=row[t.VALUES], DELTA_PLANE=row[t.PLANE], DELTA_LINE=row[t.LINE], DELTA_STEP=self.group)
        else:
            self._delta_planes(row, index)

    def _over_values(self, index: int) -> bool:
        """Whether the deltas may overwrite the activations: only the maximum of each window is then needed."""
        after = self.rows[index + 1]
        if self.open or index != 1 or after.operation != t.MAX_POOL or not isinstance(after.layer, MaxPool2d):
            return False
        (window, stride), planes = after.layer.geometry, self.rows[index].planes
        return window == stride and planes is not None and planes[1] % stride[0] == 0 and planes[2] % stride[1] == 0

    def _delta_planes(self, row: _Row, index: int) -> None:
        """Place deltas with zeros around and between them, over which the kernel runs in the backward pass."""
        channels, height, width = row.planes or (1, 1, row.features)
        layer, step, left, right = row.layer, 1, 0, 0
        if isinstance(layer, Conv2d) and (index > 1 or self.open):
            (_, across), (_, step), (_, padding) = layer.geometry
            before = self.rows[index - 1].planes or (1, 1, 1)
            left = max(0, across - 1 - padding)
            right = max(0, before[2] - 1 + padding - (width - 1) * step)
        margin = max(left, right)
        line = ((width - 1) * step + 1 + margin) * self.group
        begin = self.take(channels * height * line + 2 * margin * self.group)
        row.put(DELTAS=begin + margin * self.group, DELTA_PLANE=height * line, DELTA_LINE=line)
        row.put(DELTA_STEP=step * self.group)

    def descriptions(self) -> list[NDArray[np.int64]]:
        """Return the rows, and the layouts of convolutions behind them."""
        codes: list[NDArray[np.int64]] = []
        end = len(self.rows) * t.COLUMNS
        for before, row in zip(self.rows, self.rows[1:], strict=False):
            if not isinstance(row.layer, Conv2d):
                continue
            kinds = {"FORWARD": forward_code, "WEIGHT_GRADIENT": weight_gradient_code, "BACKWARD": backward_code}
            for name, make in kinds.items():
                if name == "FORWARD" or self.group == lane_width():
                    row.put(**{name: end})
                    codes.append(make(row.layer, before.numbers, row.numbers, self.group))
                    end += len(codes[-1])
            tile = 0 if self.open or self.group != lane_width() else tile_of(row.layer, before.numbers, row.numbers)
            if tile:
                winograd = Winograd(row.layer, before.numbers, row.numbers, tile, self.group, self.take)
                row.put(WINOGRAD=end)
                codes.append(winograd.code(end))
                end += len(codes[-1])
                self.constants += winograd.constants
        return [np.concatenate([row.numbers for row in self.rows]), *codes]


def _activation_of(layer: Layer | None) -> int:
    return activation(layer.activation).code if isinstance(layer, Dense | Conv2d) else t.IDENTITY
