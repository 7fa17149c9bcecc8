"""Lay out a convolution for the engine: distances in memory, and the kernel lines that overlap each line of the image.

Each function takes the convolution, the table's rows of its input (``before``) and of itself, and the number of images
in a group. It returns the integers that `pellucid.engine.kernels.conv2d` lists.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.target import lane_width
from pellucid.engine.programs import table as t
from pellucid.layers.conv2d import Conv2d

Numbers = NDArray[np.int64]


def forward_code(layer: Conv2d, before: Numbers, row: Numbers, group: int) -> Numbers:
    """The layout of the forward pass, from the activations of ``before`` to the sums of ``row``.

    Kernel lines beyond the edge of the image are left out.
    """
    (down, across), (step_y, step_x), (pad_y, pad_x) = layer.geometry
    lanes, line = lane_width(), int(before[t.LINE])
    head = [
        row[t.CHANNELS], row[t.HEIGHT], row[t.WIDTH] * group, row[t.PLANE], row[t.LINE], lanes,
        before[t.CHANNELS] * down * across, down * across, across, 1,
        before[t.PLANE], line, step_x * lanes, group, before[t.CHANNELS], across, 0,
    ]  # fmt: skip
    spans = []
    for y in range(row[t.HEIGHT]):
        top = y * step_y - pad_y
        low, high = max(0, -top), min(down, int(before[t.HEIGHT]) - top)
        spans.append((low * across, (top + low) * line - pad_x * group, max(0, high - low), top + low))
    return numbers(head, spans)


def backward_code(layer: Conv2d, before: Numbers, row: Numbers, group: int) -> Numbers:
    """The layout of the backward pass, from the deltas of ``row`` to those of ``before``, with the kernel rotated.

    The deltas of an input line come from all output lines that depend on it.
    """
    (down, across), (step_y, _), (pad_y, pad_x) = layer.geometry
    line = int(row[t.DELTA_LINE])
    head = [
        before[t.CHANNELS], before[t.HEIGHT], before[t.WIDTH] * group,
        before[t.DELTA_PLANE], before[t.DELTA_LINE], before[t.DELTA_STEP],
        down * across, before[t.CHANNELS] * down * across, -step_y * across, -1,
        row[t.DELTA_PLANE], line, group, group, row[t.CHANNELS], across, 0,
    ]  # fmt: skip
    spans = []
    for y in range(before[t.HEIGHT]):
        low = max(0, -((down - 1 - y - pad_y) // step_y))
        high = min(int(row[t.HEIGHT]) - 1, (y + pad_y) // step_y)
        kernel_line = y + pad_y - step_y * low
        begin = low * line + (pad_x - across + 1) * group
        spans.append((kernel_line * across + across - 1, begin, max(0, high - low + 1), low))
    return numbers(head, spans)


def weight_gradient_code(layer: Conv2d, before: Numbers, row: Numbers, group: int) -> Numbers:
    """The layout for the gradient by the weights: the lines of deltas and input that each kernel line connects."""
    (down, across), (step_y, step_x), (pad_y, pad_x) = layer.geometry
    line = int(before[t.LINE])
    head = [
        row[t.CHANNELS], row[t.DELTA_PLANE], row[t.DELTA_LINE], row[t.DELTA_STEP],
        before[t.CHANNELS], before[t.PLANE], step_y * line, step_x * group, group, down, across, row[t.WIDTH],
        1, 0, 0, 0, step_y,
    ]  # fmt: skip
    meetings = []
    for i in range(down):
        low = max(0, -((i - pad_y) // step_y))
        high = min(int(row[t.HEIGHT]) - 1, (int(before[t.HEIGHT]) - 1 + pad_y - i) // step_y)
        top = low * step_y + i - pad_y
        meetings.append((low * int(row[t.DELTA_LINE]), top * line - pad_x * group, max(0, high - low + 1), top))
    return numbers(head, meetings)


def numbers(head: list[int], spans: list[tuple[int, int, int, int]]) -> Numbers:
    """Return a layout: its columns, then four numbers for each line."""
    return np.array([*head, *(number for span in spans for number in span)], np.int64)
