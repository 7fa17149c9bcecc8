"""Run networks of planes over many inputs, group by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.entry import Bound
from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs import table as t
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.layer import Vector
from pellucid.programs.images import Levels
from pellucid.programs.planes_plan import TilePlan, can_read_one, tile_plan
from pellucid.system.threads import side_by_side

if TYPE_CHECKING:
    from pellucid.network.network import Network
    from pellucid.programs.running import Feed

_PARTS = 8
_WORTH_A_PART = 256  # images

Sums = NDArray[np.float32]


def one_plan(net: Network) -> TilePlan:
    """The plan that reads a single image soonest."""
    group = 1 if can_read_one(net.layers) else 0
    return tile_plan(net.layers, net.input_shape, group=group)


def read_call(
    net: Network,
    plan: TilePlan,
    arena: Vector,
    levels: Levels,
    images: int | np.int64,
    outputs: Sums,
    doubts: Sums,
    rank: int,
    crew: int,
    point: NDArray[np.int64],
) -> Bound:
    """What `pellucid.programs.running.read_call` makes for a plan of tiles."""
    bound: Bound = engine("planes").read_tiles.bind(
        plan.code,
        plan.rows,
        net.parameters,
        arena,
        plan.group,
        *levels,
        images,
        levels.dense.shape[1],
        outputs,
        doubts,
        rank,
        crew,
        point,
    )
    return bound


def judge(net: Network, plan: TilePlan, feed: Feed, labels: NDArray[np.int64], loss: int) -> NDArray[np.float64]:
    """Summed loss and number right (2,), in parts that threads share; their number depends on the images alone."""
    parts = max(1, min(_PARTS, feed.count // _WORTH_A_PART))
    bounds = np.linspace(0, feed.count, parts + 1).astype(int).tolist()

    def some(part: int) -> NDArray[np.float64]:
        return run(net, plan, feed, plan.arena(), (bounds[part], bounds[part + 1]), labels, loss)

    return sum(side_by_side(some, parts, 1 if plain_python() else None), np.zeros(2))


def run(
    net: Network,
    plan: TilePlan,
    feed: Feed,
    arena: NDArray[np.float32],
    span: tuple[int, int],
    labels: NDArray[np.int64],
    loss: int,
) -> NDArray[np.float64]:
    """Read some images of a feed and leave the last group in the arena; summed loss and number right (2,)."""
    history, wanted = np.zeros(2), np.zeros(t.TILE, np.int64)
    engine("planes").evaluate_tiles(
        plan.code, plan.rows, net.parameters, arena, wanted, *feed.arguments, feed.order, labels, *span, loss, history,
    )  # fmt: skip
    return history


def trace(net: Network, feed: Feed, unit: NDArray[np.float32]) -> list[tuple[Sums, Sums, Sums]]:
    """Inputs, sums and activations of every layer, (N, ...) each in the layer's own shape, for a feed and its lines."""
    plan = net.open_plan
    arena, nobody = plan.arena(), np.zeros(1, np.int64)
    places = [(row, column) for row in plan.places if row >= 0 for column in (t.SUMS, t.VALUES)]
    kept: dict[tuple[int, int], list[Sums]] = {place: [] for place in places}
    for begin in range(0, max(1, feed.count), plan.group):
        past = min(begin + plan.group, feed.count)
        run(net, plan, feed, arena, (begin, past), nobody, -1)
        for row, column in places:
            kept[row, column].append(plan.block(arena, row, column, past - begin).copy())
    told = []
    values = unit.reshape(len(unit), *net.input_shape)
    shape = net.input_shape
    for layer, row in zip(net.layers, plan.places, strict=True):
        shape = layer.output_shape(shape)
        inputs = values.reshape(len(unit), -1) if isinstance(layer, Dense) else values
        if row >= 0:
            values = np.concatenate(kept[row, t.VALUES])
        values = values.reshape(len(unit), *shape)
        sums = np.concatenate(kept[row, t.SUMS]) if isinstance(layer, Dense | Conv2d) else values
        told.append((inputs, sums.reshape(values.shape), values))
    return told


def gradient(
    net: Network, feed: Feed, labels: NDArray[np.int64], loss: int, slope: Sums, by_input: Sums
) -> NDArray[np.float64]:
    """Write the gradient of the mean loss by parameters and inputs; summed loss and number right (2,)."""
    plan = net.open_plan
    history, wanted = np.zeros(2), np.zeros(t.TILE, np.int64)
    engine("planes").gradient_tiles(
        plan.code, plan.rows, net.parameters, slope, plan.arena(), wanted, by_input, *feed.arguments,
        feed.order, labels, feed.count, loss, history,
    )  # fmt: skip
    return history


def dropout_key(seed: int) -> tuple[int, int]:
    """The key of dropout's random numbers, apart from those of augmentation."""
    first, second = np.random.SeedSequence(seed, spawn_key=(2**32 - 1,)).generate_state(2).tolist()
    return first, second


def terms(weight: NDArray[Any], layer: Conv2d, inputs: Sums, channel: int, y: int, x: int) -> Sums:
    """Every w x of one place's weighted sum, (..., C, kernel height, kernel width); beyond the picture x is 0."""
    (down, across), (step_y, step_x), (pad_y, pad_x) = layer.geometry
    planes = inputs if inputs.ndim > 2 and inputs.shape[-3] == weight.shape[1] else inputs[..., None, :, :]
    edge = [(0, 0)] * (planes.ndim - 2) + [(pad_y, pad_y), (pad_x, pad_x)]
    seen = np.pad(planes, edge)[..., y * step_y : y * step_y + down, x * step_x : x * step_x + across]
    product: Sums = weight[channel] * seen
    return product
