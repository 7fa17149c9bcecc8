"""The GRU layer: its cell, for one panel of gates of one frame, in the kernels of `pellucid.engine.kernels.gated`.

The slots of a panel are q, the recurrent part of the candidate; the reset gate r; the update gate z; and the candidate
n. The inputs reach the last three, the hidden values the first three. A unit without weights has r = z = 1/2 and
q = n = h = 0. Derivation: docs/derivations/gru.md
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels.functions import sigmoid, tanh
from pellucid.engine.kernels.gated import Cell, Place, State, gated
from pellucid.engine.programs.sequence_table import GRU, SHAPES
from pellucid.engine.simd.lanes import LANES, fma, load, load_first, splat, store, store_first

_ONE = np.float32(1.0)


@kernel
def activate_gates(work: Float32s, at: int) -> None:
    """Apply the gates' activation functions in place; the candidate is ``tanh(W x + b + r q)``."""
    r = sigmoid(load(work, at + LANES, LANES))
    store(work, at + LANES, r)
    store(work, at + 2 * LANES, sigmoid(load(work, at + 2 * LANES, LANES)))
    store(work, at + 3 * LANES, tanh(fma(r, load(work, at, LANES), load(work, at + 3 * LANES, LANES))))


@kernel
def cell_forward(work: Float32s, at: Place, next_state: State, values: int, count: int) -> None:
    """``h = (1 - z) n + z h``."""
    z, n = load(work, at.gates + 2 * LANES, LANES), load(work, at.gates + 3 * LANES, LANES)
    h = fma(z, load(work, at.hidden, LANES), (splat(_ONE, LANES) - z) * n)
    store(work, next_state.hidden, h)
    store_first(work, values, h, count)


@kernel
def cell_backward(work: Float32s, at: Place, gradients: int, count: int, state_gradients: State) -> None:
    """The gradients by the slots' sums, and the part of that by the previous h that does not pass the weights."""
    q, r = load(work, at.gates, LANES), load(work, at.gates + LANES, LANES)
    z, n = load(work, at.gates + 2 * LANES, LANES), load(work, at.gates + 3 * LANES, LANES)
    one = splat(_ONE, LANES)
    dh = load(work, state_gradients.hidden, LANES) + load_first(work, gradients, count, LANES)
    dn = dh * (one - z) * (one - n * n)
    store(work, at.gates, dn * r)
    store(work, at.gates + LANES, dn * q * (r * (one - r)))
    store(work, at.gates + 2 * LANES, dh * (load(work, at.hidden, LANES) - n) * (z * (one - z)))
    store(work, at.gates + 3 * LANES, dn)
    store(work, state_gradients.hidden, dh * z)


prepare, forward, backward = gated(SHAPES[GRU], Cell(activate_gates, cell_forward, cell_backward))
