"""Run a network's program over many inputs: outputs, traces, gradients. Inputs arrive as lines (N, D) of any level."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.entry import Bound
from pellucid.engine.compiler.fastcall import SYMBOL, Glance, can_glance, glance
from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs import table as t
from pellucid.engine.programs.capacity import check_room
from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.flatten import Flatten
from pellucid.layers.layer import Layer, Vector
from pellucid.programs import planes as tiling
from pellucid.programs.dense_plan import Plan
from pellucid.programs.images import (
    INKABLE,
    LevelRange,
    Levels,
    as_floats,
    can_be_packed,
    levels_of,
    to_ink,
    to_packed,
    to_unit,
)
from pellucid.programs.planes_plan import TilePlan
from pellucid.system.threads import available_cores, help_out

if TYPE_CHECKING:
    from pellucid.data import Dataset
    from pellucid.network.network import Network

LOSSES = {"cross_entropy": t.CROSS_ENTROPY, "squared": t.SQUARED}

_GLANCED = 1 << 20  # parameters of a network that is run under Python's lock
_GLANCED_INPUTS = 1 << 12
_SUPPLY = 1 << 10  # numbers in the arrays that are made at once for answers
_WORTH_A_THREAD = 6_000_000  # products below which one more thread costs more than it brings: 0.1 ms to wake it
_PLACES = 6  # at which a weight is used, about, in a network over planes
_feeds: WeakKeyDictionary[Dataset, Feed] = WeakKeyDictionary()
_NOWHERE = np.zeros(16, np.int64)
_NO_COLUMNS = np.zeros(1, np.uint16)
_NO_VALUES = np.zeros(1, np.float32)
_NO_LEVELS = np.zeros(1, np.uint8)


@dataclass(frozen=True)
class LayerTrace:
    """One layer at work: ``inputs`` (N, D), ``sums`` the weighted sums z and ``activations`` a, (N, K), float32.

    Layers over planes have them as (N, C, H, W): a convolution's activations are its feature maps. For a single input
    the batch axis is left out.
    """

    layer: Layer
    inputs: NDArray[np.float32]
    sums: NDArray[np.float32]
    activations: NDArray[np.float32]

    def terms(self, neuron: int, y: int = 0, x: int = 0) -> NDArray[np.float32]:
        """Every w x of one weighted sum; with the bias they add up to it.

        For a dense layer ``neuron`` says which sum, and the terms have the shape of ``inputs``. For a convolution it
        is the channel, and (y, x) the place in its feature map: the terms (..., C, kernel height, kernel width) are
        what the filter saw there.

        Raises
        ------
        ShapeError
            For a layer without weights, or a place that its feature map does not have.
        """
        if "weight" not in self.layer.named():
            raise ShapeError(f"{type(self.layer).__name__} has no weights, so its outputs are no sums of terms.")
        weight = self.layer.named()["weight"]
        shape = self.layer.output_shape(self.layer.input_shape)
        place = (neuron, y, x) if isinstance(self.layer, Conv2d) else (neuron,)
        if not all(0 <= index < side for index, side in zip(place, shape, strict=True)):
            raise ShapeError(f"terms expected a place within {shape}, got {place}.")
        if isinstance(self.layer, Conv2d):
            return tiling.terms(weight, self.layer, self.inputs, neuron, y, x)
        product: NDArray[np.float32] = weight[neuron] * self.inputs
        return product


@dataclass(frozen=True)
class Trace:
    """Every layer of a network at work on the same input; index it by layer, or take ``outputs``."""

    layers: tuple[LayerTrace, ...]

    @property
    def outputs(self) -> NDArray[np.float32]:
        """What the network answers."""
        return self.layers[-1].activations

    def __getitem__(self, index: int) -> LayerTrace:
        return self.layers[index]

    def __len__(self) -> int:
        return len(self.layers)


@dataclass(frozen=True)
class Gradient:
    """The mean ``loss`` of a batch and its gradient by ``parameters`` (parameter_count,) and ``inputs`` (N, D)."""

    loss: float
    parameters: NDArray[np.float32]
    inputs: NDArray[np.float32]


class Feed:
    """Images as training and gradients take them: as ink, or dense where an image has too many inputs for that."""

    starts = middles = _NOWHERE
    columns, values, levels = _NO_COLUMNS, _NO_VALUES, _NO_LEVELS
    low, span = 0.0, 1.0

    def __init__(self, lines: NDArray[np.generic], level_range: LevelRange | None) -> None:
        self.count, self.width = lines.shape
        self.order = np.arange(self.count)
        if lines.shape[1] > INKABLE:
            self.kind, self.values = t.DENSE_INPUT, to_unit(lines, level_range)
        elif can_be_packed(lines, level_range):
            packed = to_packed(lines, level_range)  # type: ignore[arg-type]
            self.kind, self.starts, self.middles = t.PACKED_INPUT, packed.starts, packed.middles
            self.columns, self.levels = packed.columns, packed.levels
            self.low, self.span = packed.low, packed.span
        else:
            ink = to_ink(lines, level_range)
            self.kind, self.starts, self.middles = t.INK_INPUT, ink.starts, ink.middles
            self.columns, self.values = ink.columns, ink.values

    @classmethod
    def of(cls, data: Dataset) -> Feed:
        """The feed of a data set: made once, and shared by all who train on it."""
        feed = _feeds.get(data)
        if feed is None:
            feed = _feeds[data] = cls(data.images.reshape(len(data), -1), data.level_range)
        return feed

    @property
    def inked(self) -> bool:
        """Whether the images are held as ink."""
        return self.kind != t.DENSE_INPUT

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What the entry points take for their images."""
        return self.kind, self.starts, self.middles, self.columns, self.values, self.levels, self.low, self.span


def check_feed(net: Network, feed: Feed, labels: NDArray[np.int64]) -> None:
    """Refuse images of another size than the network takes, and labels of fewer images."""
    inputs = math.prod(net.input_shape)
    if feed.width != inputs:
        raise ShapeError(f"The network takes images of {inputs:,} inputs; these have {feed.width:,}.")
    check_room("labels", feed.count, len(labels))


def read_call(
    net: Network,
    plan: Plan | TilePlan,
    arena: Vector,
    levels: Levels,
    images: int | np.int64,
    outputs: NDArray[np.float32],
    doubts: NDArray[np.float32],
    rank: int,
    crew: int,
    point: NDArray[np.int64],
) -> Bound:
    """A call that reads ``images`` images into ``outputs`` (N, K), with NaN in ``doubts`` (1,) if one is not finite.

    A ``crew`` does it by as many calls with an ``arena`` each and the same ``point`` (16,), which begins as zeros; all
    is done when the call of ``rank`` 0 returns.
    """
    if isinstance(plan, TilePlan):
        return tiling.read_call(net, plan, arena, levels, images, outputs, doubts, rank, crew, point)
    bound: Bound = engine().read.bind(
        plan.table, plan.layers, net.parameters, arena, *levels, images, levels.dense.shape[1],
        outputs, doubts, rank, crew, point,
    )  # fmt: skip
    return bound


@dataclass(frozen=True)
class Quick:
    """The quick way for images of bytes or float32, one or up to ``most`` at once.

    ``make`` gives an array for the answer to a single image.
    """

    glance: Glance
    make: Callable[[], NDArray[np.float32]]
    most: int


def quick_way(net: Network) -> Quick | None:
    """The quick way of a network; None where there is none, or where it would keep other threads waiting for long."""
    inputs = math.prod(net.input_shape)
    if not can_glance() or net.parameter_count > _GLANCED or inputs > _GLANCED_INPUTS:
        return None
    tiled = isinstance(net.plan, TilePlan)
    plan = tiling.one_plan(net) if tiled else net.plan
    most = 1 if tiled else _GLANCED // max(net.parameter_count, inputs)
    outputs, doubts, number = np.zeros((1, *net.output_shape), np.float32), np.zeros(1, np.float32), np.int64(1)
    ways = []
    for dtype in (np.uint8, np.float32):
        levels = levels_of(np.zeros((1, inputs), dtype), net.level_range)
        call = read_call(net, plan, plan.reading_arena(), levels, number, outputs, doubts, 0, 1, _NOWHERE)
        ways.append((levels.dense, call))
    made = glance(ways, net.input_shape, number, most, outputs, doubts, engine().shared[SYMBOL])
    return Quick(made, _supply_of_arrays(net.output_shape), most)


def _supply_of_arrays(shape: tuple[int, ...]) -> Callable[[], NDArray[np.float32]]:
    """What gives an array of its own at each call, in half the time that making one takes: they are made by dozens."""
    dozens = (max(1, _SUPPLY // math.prod(shape)), *shape)
    many = map(np.empty, itertools.repeat(dozens), itertools.repeat(np.float32))
    return itertools.chain.from_iterable(many).__next__


def evaluate_lines(net: Network, lines: NDArray[np.generic]) -> NDArray[np.float32]:
    """Outputs (N, K) for lines (N, D); large sets are shared among the cores."""
    outs = math.prod(net.output_shape)
    products = len(lines) * net.parameter_count * (_PLACES if isinstance(net.plan, TilePlan) else 1)
    crew = max(1, min(available_cores(), products // _WORTH_A_THREAD))
    if crew > 1 and plain_python():
        crew = 1
    outputs, doubts = np.empty((len(lines), outs), np.float32), np.zeros((crew, 1), np.float32)
    levels, point = levels_of(lines, net.level_range), np.zeros(16, np.int64)
    arenas = net._arenas

    def reading(rank: int) -> Callable[[], None]:
        try:
            arena = arenas.pop()
        except IndexError:  # others have them
            arena = net.plan.reading_arena()
        call = read_call(net, net.plan, arena, levels, len(lines), outputs, doubts[rank], rank, crew, point)

        def read() -> None:
            call()
            arenas.append(arena)

        return read

    help_out(reading, crew)
    if any(doubts.ravel().tolist()):
        refuse_infinite(lines)
    return outputs


def _run_evaluate(
    net: Network,
    plan: Plan,
    feed: Feed,
    arena: NDArray[np.float32],
    labels: NDArray[np.int64] = _NOWHERE,
    loss: int = -1,
) -> NDArray[np.float64]:
    """Read a feed and leave its last tile in the arena; summed loss and number right (2,), where a loss is given."""
    history, wanted = np.zeros(2), np.zeros(t.TILE, np.int64)
    engine().evaluate(
        plan.table, plan.layers, net.parameters, arena, wanted, *feed.arguments, feed.order,
        labels, feed.count, loss, history, 0, 1, np.zeros(16, np.int64),
    )  # fmt: skip
    return history


def refuse_infinite(lines: NDArray[np.generic]) -> None:
    """Name bad inputs; where the inputs are fine, the weights are not, and the outputs stand as they are."""
    if not np.isfinite(as_floats(lines)).all():
        raise DataError("The network expected finite numbers, got NaN or infinity among the inputs.")


def judge_feed(net: Network, feed: Feed, labels: NDArray[np.int64], loss: str) -> tuple[float, float]:
    """Mean loss and accuracy of a network over a feed with labels (N,)."""
    code = loss_code(net, loss)
    if isinstance(net.plan, TilePlan):
        history = tiling.judge(net, net.plan, feed, labels, code)
    else:
        history = _run_evaluate(net, net.plan, feed, net.plan.arena(), labels, code)
    return float(history[0] / feed.count), float(history[1] / feed.count)


def trace_lines(net: Network, lines: NDArray[np.generic], single: bool) -> Trace:
    """Keep what stands in the arena after each tile."""
    refuse_infinite(lines)
    unit = np.array(to_unit(lines, net.level_range))  # never the caller's own memory
    told = _traced(net, net.plan, lines, unit) if isinstance(net.plan, Plan) else tiling.trace(
        net, Feed(lines, net.level_range), unit)  # fmt: skip
    whole = slice(None) if not single else 0
    layers = zip(net.layers, told, strict=True)
    return Trace(tuple(LayerTrace(layer, *(array[whole] for array in arrays)) for layer, arrays in layers))


def _traced(
    net: Network, plan: Plan, lines: NDArray[np.generic], unit: NDArray[np.float32]
) -> list[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]:
    """Inputs, sums and activations of every layer, for dense networks."""
    places = [(row, column) for row in range(plan.layers) for column in (t.SUMS, t.VALUES)]
    kept: dict[tuple[int, int], list[NDArray[np.float32]]] = {place: [] for place in places}
    arena = plan.arena()
    for begin in range(0, max(1, len(unit)), t.TILE):
        feed = Feed(lines[begin : begin + t.TILE], net.level_range)
        _run_evaluate(net, plan, feed, arena)
        for row, column in places:
            kept[row, column].append(plan.block(arena, row, column, feed.count).copy())
    told, inputs, rows = [], unit, iter(range(plan.layers))
    for layer in net.layers:
        if isinstance(layer, Flatten):
            told.append((inputs, inputs, inputs))
            continue
        row = next(rows)
        sums, activations = (np.concatenate(kept[row, column]) for column in (t.SUMS, t.VALUES))
        told.append((inputs, sums, activations))
        inputs = activations
    return told


def gradient_lines(net: Network, lines: NDArray[np.generic], labels: NDArray[Any], loss: str) -> Gradient:
    """Loss and gradients of a batch of lines (N, D) with labels (N,)."""
    if not len(lines):
        raise DataError("gradient expected at least one input, got an empty batch.")
    refuse_infinite(lines)
    targets = checked_labels(labels, len(lines), net.output_shape[0])
    feed = Feed(lines, net.level_range)
    slope, by_input = np.zeros(net.parameter_count, np.float32), np.zeros(lines.shape, np.float32)
    if isinstance(net.plan, TilePlan):
        sums = tiling.gradient(net, feed, targets, loss_code(net, loss), slope, by_input)
        return Gradient(float(sums[0] / feed.count), slope, by_input)
    width = math.prod(net.input_shape)
    turned = np.zeros((net.plan.table[0, t.OUTPUTS], width), np.float32)
    history, wanted = np.zeros(2), np.zeros(t.TILE, np.int64)
    engine().gradient(
        net.plan.table,
        net.plan.layers,
        net.parameters,
        slope,
        net.plan.arena(),
        wanted,
        by_input,
        turned,
        *feed.arguments,
        feed.order,
        targets,
        feed.count,
        loss_code(net, loss),
        history,
        0,
        1,
        np.zeros(16, np.int64),
    )
    return Gradient(float(history[0] / feed.count), slope, by_input)


def loss_code(net: Network, loss: str) -> int:
    """The engine's number for a loss, where the network's output suits it."""
    if loss not in LOSSES:
        raise ConfigurationError(f"loss expected one of {', '.join(LOSSES)}; got {loss!r}.")
    if len(net.output_shape) != 1:
        raise ShapeError(
            f"A loss needs one number a class, (K,); the network's outputs are {net.output_shape}: end it with Flatten "
            "or Dense."
        )
    last = int(net.plan.table[-1, t.ACTIVATION])
    if loss == "cross_entropy" and last not in (t.SOFTMAX, t.SIGMOID):
        raise ConfigurationError(
            "cross_entropy needs outputs that are probabilities: give the last layer softmax (or sigmoid), "
            'or use loss="squared".'
        )
    return LOSSES[loss]


def checked_labels(labels: NDArray[Any], count: int, classes: int) -> NDArray[np.int64]:
    """A copy of labels (N,) as int64, refused where they do not fit the images or the outputs."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "ui" or labels.shape != (count,):
        came = f"{labels.dtype} of shape {labels.shape}" if isinstance(labels, np.ndarray) else type(labels).__name__
        raise DataError(f"Expected {count} integer labels, one an image, got {came}.")
    kept = np.array(labels)  # whatever becomes of the caller's afterwards
    if count and not (kept.min() >= 0 and kept.max() < classes):
        raise DataError(
            f"The network has {classes} outputs, so labels run from 0 to {classes - 1}; got {kept.min()} to "
            f"{kept.max()}: give the last layer as many neurons as there are classes."
        )
    return np.ascontiguousarray(kept, np.int64)
