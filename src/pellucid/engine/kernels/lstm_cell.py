"""The LSTM cell, for one panel of gates of one frame: activations, new state, and the gradients by the gates' sums.

Letters and panels are those of `pellucid.engine.kernels.lstm`. Derivation: docs/derivations/lstm.md
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels.functions import sigmoid, tanh
from pellucid.engine.simd.lanes import LANES, fma, load, load_first, splat, store, store_first

_ONE = np.float32(1.0)


class Cell(NamedTuple):
    """Work offsets for one panel of one frame: the gates, the previous cells, and tanh of the new cells."""

    gates: int
    cells: int
    tanh_cells: int


class State(NamedTuple):
    """Work offsets of h and c for one panel of one frame, or of the gradients by them."""

    hidden: int
    cells: int


@kernel
def activate_gates(work: Float32s, z: int) -> None:
    """Apply the gates' activation functions in place, to one panel of one frame."""
    store(work, z, sigmoid(load(work, z, LANES)))
    store(work, z + LANES, sigmoid(load(work, z + LANES, LANES)))
    store(work, z + 2 * LANES, tanh(load(work, z + 2 * LANES, LANES)))
    store(work, z + 3 * LANES, sigmoid(load(work, z + 3 * LANES, LANES)))


@kernel
def cell_forward(work: Float32s, at: Cell, next_state: State, values: int, count: int) -> None:
    """``c = f c + i g`` and ``h = o tanh c`` for one panel of one frame.

    c and h are written to ``next_state``, where the next frame reads them; the first ``count`` lanes of h also go to
    ``values``.
    """
    i, f = load(work, at.gates, LANES), load(work, at.gates + LANES, LANES)
    g, o = load(work, at.gates + 2 * LANES, LANES), load(work, at.gates + 3 * LANES, LANES)
    c = fma(f, load(work, at.cells, LANES), i * g)
    t = tanh(c)
    h = o * t
    store(work, next_state.cells, c)
    store(work, next_state.hidden, h)
    store(work, at.tanh_cells, t)
    store_first(work, values, h, count)


@kernel
def cell_backward(work: Float32s, at: Cell, gradients: int, count: int, state_gradients: State) -> None:
    """Replace the gates of one panel of one frame by the gradients by their sums.

    ``state_gradients`` are those of the following time step by h and c, ``gradients`` those of the next layer by h,
    ``count`` lanes of them. The gradient by c is replaced by that by the previous frame's c.
    """
    i, f = load(work, at.gates, LANES), load(work, at.gates + LANES, LANES)
    g, o = load(work, at.gates + 2 * LANES, LANES), load(work, at.gates + 3 * LANES, LANES)
    t = load(work, at.tanh_cells, LANES)
    one = splat(_ONE, LANES)
    dh = load(work, state_gradients.hidden, LANES) + load_first(work, gradients, count, LANES)
    dc = load(work, state_gradients.cells, LANES) + dh * o * (one - t * t)
    store(work, at.gates, dc * g * (i * (one - i)))
    store(work, at.gates + LANES, dc * load(work, at.cells, LANES) * (f * (one - f)))
    store(work, at.gates + 2 * LANES, dc * i * (one - g * g))
    store(work, at.gates + 3 * LANES, dh * t * (o * (one - o)))
    store(work, state_gradients.cells, dc * f)
