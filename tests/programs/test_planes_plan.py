"""The plan of a network of any layers: arrays do not overlap, and layouts list every overlapping line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import pellucid as pl
from pellucid.engine.kernels import conv2d as codes
from pellucid.engine.kernels import winograd_table as winograd
from pellucid.engine.programs import table as t
from pellucid.programs.planes_plan import PlanesPlan, can_read_one, needs_planes, planes_plan

CASES: dict[str, list[Any]] = {
    "lenet": [
        pl.Conv2d(6, 5, padding=2, activation="relu"), pl.MaxPool2d(2), pl.Conv2d(16, 5, activation="relu"),
        pl.MaxPool2d(2), pl.Flatten(), pl.Dense(30, "relu"), pl.Dense(10, "softmax"),
    ],
    "strides": [
        pl.Conv2d(3, (3, 4), (2, 3), (1, 2), "tanh"), pl.Conv2d(5, 2, 2, activation="relu"), pl.AvgPool2d(2, 1),
        pl.Dropout(0.5), pl.Dense(10, "softmax"),
    ],
    "dropout and dense": [pl.Dense(20, "relu"), pl.Dropout(0.2), pl.Dense(10, "softmax")],
    "planes out": [pl.Dropout(0.1), pl.MaxPool2d(3), pl.Conv2d(4, 3, padding=3, activation="sigmoid")],
}  # fmt: skip


def winograd_regions(plan: PlanesPlan, head: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The offsets and sizes of Winograd's arrays: inputs and deltas at points, weights by column, and gradients."""
    products = plan.code[head[winograd.PRODUCTS] :]
    stride = head[winograd.FILTER_STRIDE]
    return [
        (head[winograd.POINT_INPUT], products[codes.I_CHANNELS] * products[codes.I_PLANE]),
        (head[winograd.POINT_OUTPUT], products[codes.D_CHANNELS] * products[codes.D_PLANE]),
        (head[winograd.TRANSPOSED], head[winograd.TAPS] * stride),
        (head[winograd.GRADIENT], head[winograd.TAPS] * stride),
        (head[winograd.POINT_GRADIENT], head[winograd.POINTS] * stride),
        (head[winograd.READY], 1),
        (head[winograd.BIASES], products[codes.D_CHANNELS]),
    ]


def regions(plan: PlanesPlan) -> list[tuple[int, int]]:
    """The offset and the least size of each row's inputs, sums, activations and deltas."""
    taken = []
    for row in plan.table:
        images = max(plan.group, 4)
        size = images * row[t.STRIDE] if row[t.STRIDE] else row[t.CHANNELS] * row[t.PLANE]
        taken.append((row[t.VALUES], size))
        if row[t.SUMS] != row[t.VALUES] and row[t.OPERATION] != t.DROPOUT:
            taken.append((row[t.SUMS], size))
        if row[t.DELTAS] and row[t.DELTAS] != row[t.VALUES]:
            deltas = row[t.CHANNELS] * row[t.DELTA_PLANE] if row[t.DELTA_PLANE] else images * row[t.STRIDE]
            taken.append((row[t.DELTAS], deltas))
        if row[t.WINOGRAD]:
            taken += winograd_regions(plan, plan.code[row[t.WINOGRAD] :])
    taken += [(place, values.size) for place, values in plan.constants]
    return sorted((int(begin), int(size)) for begin, size in taken)


@pytest.mark.parametrize("options", [{}, {"open_to_view": True}, {"group": 1}], ids=["batch", "open", "one"])
@pytest.mark.parametrize("name", CASES)
def test_arrays_do_not_overlap(name: str, options: dict[str, Any]) -> None:
    if options.get("group") and not can_read_one(CASES[name]):
        pytest.skip("not read one at a time")
    plan = planes_plan(CASES[name], (24, 21), **options)
    ends = 3 * t.TILE + 32
    for begin, size in regions(plan):
        assert begin >= ends
        ends = begin + size
    assert ends <= plan.size
    assert plan.arena()[t.ONES] == 1
    assert not plan.arena()[: t.ONES].any()


@pytest.mark.parametrize("name", ["lenet", "strides", "planes out"])
def test_every_line_of_a_convolution_is_listed(name: str) -> None:
    """The forward, backward and weight layouts have the same number of kernel lines that overlap the picture."""
    plan = planes_plan(CASES[name], (24, 21), open_to_view=True)
    for row in plan.table:
        if row[t.OPERATION] != t.CONV2D:
            continue
        counts = []
        for column, spans, lines in (
            (t.FORWARD, codes.SPANS, codes.TO_LINES), (t.BACKWARD, codes.SPANS, codes.TO_LINES),
            (t.WEIGHT_GRADIENT, codes.MEETINGS, codes.KERNEL_LINES),
        ):  # fmt: skip
            at = row[column]
            counts.append(sum(plan.code[at + spans + 2 : at + spans + 4 * plan.code[at + lines] : 4]))
        assert counts[0] == counts[1] == counts[2] > 0


def test_only_dense_networks_need_no_planes() -> None:
    assert not needs_planes([pl.Flatten(), pl.Dense(3)])
    assert needs_planes([pl.Dense(3), pl.Dropout(0.1)])
    assert needs_planes(CASES["lenet"])
    assert not can_read_one(CASES["strides"])
