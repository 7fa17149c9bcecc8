"""The LSTM layer: its cell, for one panel of gates of one frame, in the kernels of `pellucid.engine.kernels.gated`.

The slots of a panel are the input, forget, candidate and output gates. A unit without weights has i = f = o = 1/2,
g = 0 and c = h = 0. Derivation: docs/derivations/lstm.md
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels.functions import sigmoid, tanh
from pellucid.engine.kernels.gated import Cell, Place, State, gated
from pellucid.engine.programs.sequence_table import LSTM, SHAPES
from pellucid.engine.simd.lanes import LANES, fma, load, load_first, splat, store, store_first

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def activate_gates(work: Float32s, z: int) -> None:
    """Apply the gates' activation functions in place."""
    store(work, z, sigmoid(load(work, z, LANES)))
    store(work, z + LANES, sigmoid(load(work, z + LANES, LANES)))
    store(work, z + 2 * LANES, tanh(load(work, z + 2 * LANES, LANES)))
    store(work, z + 3 * LANES, sigmoid(load(work, z + 3 * LANES, LANES)))


@kernel
def cell_forward(work: Float32s, at: Place, next_state: State, values: int, count: int) -> None:
    """``c = f c + i g`` and ``h = o tanh c``."""
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
def cell_backward(work: Float32s, at: Place, gradients: int, count: int, state_gradients: State) -> None:
    """The gradients by the gates' sums and by the previous c; the previous h acts through the weights alone."""
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
    store(work, state_gradients.hidden, splat(_ZERO, LANES))


prepare, forward, backward = gated(SHAPES[LSTM], Cell(activate_gates, cell_forward, cell_backward))
