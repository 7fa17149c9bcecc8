"""JAX on sequences: the whole epoch as one compiled scan over batches, each a scan over frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.bench.peers.base import TrainingRun
from pellucid.bench.sequence_work import SequenceWork
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON


def learn(work: SequenceWork) -> TrainingRun:
    """Compile the epoch ahead of time; it donates its parameters."""
    import jax
    import jax.numpy as jnp

    cpu = jax.devices("cpu")[0]
    with jax.default_device(cpu):
        frames = jnp.asarray(np.stack([x for x, _ in work.batches()]))
        labels = jnp.asarray(np.stack([y for _, y in work.batches()]).astype(np.int32))
        compiled = jax.jit(_epoch(work), donate_argnums=0).lower(_start(work), frames, labels).compile()

    def run() -> float:
        with jax.default_device(cpu):
            start = _start(work)
        return float(compiled(start, frames, labels)[1])

    return run


def _start(work: SequenceWork) -> Any:
    import jax
    import jax.numpy as jnp

    parameters = {name: jnp.array(values) for name, values in work.parameters.items()}
    return parameters, *(jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)), jnp.zeros(())


def _loss(p: Any, x: Any, y: Any) -> Any:
    """Multiply all inputs by their weights before the scan, which is faster than frame by frame."""
    import jax
    import jax.numpy as jnp

    def frame(state: Any, z: Any) -> Any:
        h, c = state
        i, f, g, o = jnp.split(z + h @ p["weight_hh"].T, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((x.shape[1], p["weight_hh"].shape[1]))
    (h, _), _ = jax.lax.scan(frame, (zeros, zeros), x @ p["weight_ih"].T + p["bias"])
    logs = jax.nn.log_softmax(h @ p["weight"].T + p["out_bias"])
    return -jnp.mean(jnp.take_along_axis(logs, y[:, None], axis=1))


def _epoch(work: SequenceWork) -> Callable[..., Any]:
    import jax
    import jax.numpy as jnp

    beta1, beta2 = ADAM_BETAS

    def step(carry: Any, batch: Any) -> Any:
        p, first, second, clock = carry
        clock = clock + 1
        loss, gradients = jax.value_and_grad(_loss)(p, *batch)
        first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, first, gradients)
        second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, second, gradients)
        scale, root = work.learning_rate / (1 - beta1**clock), 1 - beta2**clock
        p = jax.tree.map(lambda w, m, v: w - scale * m / (jnp.sqrt(v / root) + ADAM_EPSILON), p, first, second)
        return (p, first, second, clock), loss

    def epoch(start: Any, frames: Any, labels: Any) -> Any:
        end, losses = jax.lax.scan(step, start, (frames, labels))
        return end, losses.mean()

    return epoch
