"""Everything that a sequence network computes for one sequence, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.engine.compiler.target import lane_width
from pellucid.engine.programs import sequence_table as st
from pellucid.layers.layer import Layer
from pellucid.layers.recurrent import Recurrent
from pellucid.programs.sequence_batches import Floats
from pellucid.programs.sequences_plan import SequencePlan
from pellucid.programs.traces import LayerTrace


@dataclass(frozen=True)
class LSTMTrace:
    """The values of an LSTM for one sequence of T frames.

    ``inputs`` (T, D); the gates ``i``, ``f``, ``g``, ``o``, the cells ``c`` and the hidden values ``h``, each (T, H),
    or (T, 2 H) with the forward direction first; ``activations`` are the layer's outputs: h, or (units,) if it has one
    output per sequence.
    """

    layer: Layer
    inputs: Floats
    i: Floats
    f: Floats
    g: Floats
    o: Floats
    c: Floats
    h: Floats
    activations: Floats


@dataclass(frozen=True)
class GRUTrace:
    """The values of a GRU for one sequence: reset and update gates ``r`` and ``z``, candidate ``n``, hidden ``h``.

    ``q`` is the recurrent part of the candidate, which the reset gate multiplies: n = tanh(W x + b + r q). Shapes and
    the other fields are those of `LSTMTrace`.
    """

    layer: Layer
    inputs: Floats
    r: Floats
    z: Floats
    q: Floats
    n: Floats
    h: Floats
    activations: Floats


@dataclass(frozen=True)
class RNNTrace:
    """The values of a plain recurrent layer for one sequence: ``h``, with the shapes of `LSTMTrace`."""

    layer: Layer
    inputs: Floats
    h: Floats
    activations: Floats


RecurrentTrace = LSTMTrace | GRUTrace | RNNTrace


def layer_traces(
    layers: Sequence[Layer], plan: SequencePlan, arena: Floats, frames: Floats, reduced: bool
) -> Iterator[RecurrentTrace | LayerTrace]:
    """Copy the trace of each layer from the arena, after one sequence ``frames`` (T, D) was read."""
    inputs, steps = frames, len(frames)
    for layer, rows in zip(layers, plan.rows, strict=True):
        count = 1 if plan.table[rows[0], st.PER_SEQUENCE] else steps
        last = 1 if plan.table[rows[-1], st.OPERATION] in (st.LAST, st.MEAN) else count
        activations = _copy_rows(plan, arena, rows[-1], st.VALUES, last, reduced and last == 1)
        if isinstance(layer, Recurrent):
            yield _recurrent_trace(layer, plan, arena, rows[0], inputs, activations)
        else:
            sums = _copy_rows(plan, arena, rows[0], st.SUMS, count, reduced and count == 1)
            yield LayerTrace(layer, inputs, sums, activations)
        inputs = activations


def _copy_rows(plan: SequencePlan, arena: Floats, row: int, column: int, count: int, single: bool) -> Floats:
    block = plan.block(arena, row, column, count).copy()
    return block[0] if single else block


def _recurrent_trace(
    layer: Recurrent, plan: SequencePlan, arena: Floats, row: int, inputs: Floats, activations: Floats
) -> RecurrentTrace:
    frames = len(inputs)
    h = plan.block(arena, row, st.VALUES, frames).copy()
    if layer.kind == "lstm":
        i, f, g, o = _gates(plan, arena, row, frames)
        return LSTMTrace(layer, inputs, i, f, g, o, _cells(plan, arena, row, frames), h, activations)
    if layer.kind == "gru":
        q, r, z, n = _gates(plan, arena, row, frames)
        return GRUTrace(layer, inputs, r, z, q, n, h, activations)
    return RNNTrace(layer, inputs, h, activations)


def _gates(plan: SequencePlan, arena: Floats, row: int, frames: int) -> list[Floats]:
    """The four slots of a gated layer's panels, each (T, directions H)."""
    layer = plan.table[row]
    units, h, lanes, rows = int(layer[st.UNITS]), int(layer[st.HIDDEN]), lane_width(), int(plan.table[0, st.ROWS])
    collected: list[list[Floats]] = [[], [], [], []]
    for direction in range(int(layer[st.DIRECTIONS])):
        begin = layer[st.GATES] + direction * rows * 4 * units
        panels = arena[begin : begin + rows * 4 * units].reshape(units // lanes, rows, 4, lanes)
        for gate in range(4):
            collected[gate].append(panels[:, :frames, gate].swapaxes(0, 1).reshape(frames, units)[:, :h])
    return [np.concatenate(parts, axis=1) for parts in collected]


def _cells(plan: SequencePlan, arena: Floats, row: int, frames: int) -> Floats:
    """The cells (T, directions H), each of which is stored for the next frame."""
    layer = plan.table[row]
    units, h, rows, group = int(layer[st.UNITS]), int(layer[st.HIDDEN]), *map(int, plan.table[0, [st.ROWS, st.GROUP]])
    collected = []
    for direction in range(int(layer[st.DIRECTIONS])):
        begin = layer[st.PREVIOUS_CELLS] + direction * (rows + group) * units
        previous = arena[begin : begin + (rows + group) * units].reshape(-1, units)[:, :h]
        order = [*range(1, frames), rows] if direction == 0 else [rows, *range(frames - 1)]
        collected.append(previous[order])
    return np.concatenate(collected, axis=1)
