"""JAX: the whole epoch as one compiled scan that donates its parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.bench.peers.base import InferenceRun, Peer, TrainingRun
from pellucid.bench.sequence_work import SequenceWork
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON, MOMENTUM, Floats, InferenceWork, TrainingWork

# Four steps per iteration of the loop were as fast as eight, and faster than one, at every batch size tried.
UNROLL = 4


class JaxScan(Peer):
    """XLA compiles the epoch ahead of time and chooses its own number of threads."""

    name = "JAX"
    package = "jax"
    modules = ("jax",)
    networks = ("dense", "lenet")

    def train(self, work: TrainingWork) -> TrainingRun:
        """Scan over the full batches, then take the short one."""
        import jax
        import jax.numpy as jnp

        cpu = jax.devices("cpu")[0]
        with jax.default_device(cpu):
            data = jnp.asarray(work.images), jnp.asarray(work.labels.astype(np.int32))
            full = work.count // work.batch_size * work.batch_size
            order = work.order.astype(np.int32)
            rows = jnp.asarray(order[:full].reshape(-1, work.batch_size)), jnp.asarray(order[full:])
            compiled = jax.jit(_epoch(work), donate_argnums=0).lower(_start(work), *data, *rows).compile()

        def run() -> float:
            with jax.default_device(cpu):
                start = _start(work)
            return float(compiled(start, *data, *rows)[1]) / work.count

        return run

    def learn(self, work: SequenceWork) -> TrainingRun:
        """Scan over the batches, and over the frames of each batch."""
        from pellucid.bench.peers import sequences_jax

        return sequences_jax.learn(work)

    def read(self, work: InferenceWork) -> InferenceRun:
        """Compile forward pass and softmax with the weights as constants, which avoids passing them in each call."""
        import jax
        import jax.numpy as jnp

        with jax.default_device(jax.devices("cpu")[0]):
            parameters = [(jnp.asarray(weight), jnp.asarray(bias)) for weight, bias in work.parameters]
            images = jnp.asarray(work.images)
            singles = list(images) if work.one_at_a_time else [images]
        compiled = jax.jit(lambda a: jax.nn.softmax(_forward(parameters, a, work.activation)))

        def run() -> Floats | list[Floats]:
            read = [np.asarray(compiled(image)) for image in singles]
            return read if work.one_at_a_time else read[0]

        return run


def _start(work: TrainingWork) -> Any:
    import jax
    import jax.numpy as jnp

    parameters = [(jnp.array(weight), jnp.array(bias)) for weight, bias in work.parameters]
    state = [
        jax.tree.map(jnp.zeros_like, parameters) for _ in range({"sgd": 0, "momentum": 1, "adam": 2}[work.optimizer])
    ]
    return parameters, state, jnp.zeros(())


def _forward(parameters: Any, a: Any, activation: str) -> Any:
    import jax

    squash = jax.nn.relu if activation == "relu" else jax.nn.sigmoid
    if parameters[0][0].ndim == 4:
        a = _convolved(parameters[:2], a)
        parameters = parameters[2:]
    for weight, bias in parameters[:-1]:
        a = squash(a @ weight.T + bias)
    weight, bias = parameters[-1]
    return a @ weight.T + bias


def _convolved(parameters: Any, a: Any) -> Any:
    """Return the input of LeNet-5's dense layers for images a (N, 784)."""
    import jax

    a = a.reshape(-1, 1, 28, 28)
    for (weight, bias), padding in zip(parameters, (2, 0), strict=True):
        both = [(padding, padding)] * 2
        a = jax.lax.conv_general_dilated(a, weight, (1, 1), both, dimension_numbers=("NCHW", "OIHW", "NCHW"))
        a = jax.nn.relu(a + bias[:, None, None])
        a = jax.lax.reduce_window(a, -float("inf"), jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    return a.reshape(len(a), -1)


def _epoch(work: TrainingWork) -> Callable[..., Any]:
    import jax
    import jax.numpy as jnp

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        logs = jax.nn.log_softmax(_forward(parameters, x, work.activation))
        return -jnp.mean(jnp.take_along_axis(logs, y[:, None], axis=1))

    def epoch(start: Any, images: Any, labels: Any, batches: Any, rest: Any) -> Any:
        def step(carry: Any, rows: Any) -> Any:
            parameters, state, clock = carry
            mean, gradients = jax.value_and_grad(loss)(parameters, images[rows], labels[rows])
            return _update(work, parameters, state, clock, gradients), mean * len(rows)

        end, sums = jax.lax.scan(step, start, batches, unroll=UNROLL)
        total = sums.sum()
        if len(rest):
            end, last = step(end, rest)
            total += last
        return end, total

    return epoch


def _update(work: TrainingWork, parameters: Any, state: Any, clock: Any, gradients: Any) -> Any:
    import jax
    import jax.numpy as jnp

    beta1, beta2 = ADAM_BETAS
    rate, clock = work.learning_rate, clock + 1
    if work.optimizer == "sgd":
        return jax.tree.map(lambda p, g: p - rate * g, parameters, gradients), state, clock
    if work.optimizer == "momentum":
        velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, state[0], gradients)
        return jax.tree.map(lambda p, v: p - rate * v, parameters, velocity), [velocity], clock
    first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, state[0], gradients)
    second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, state[1], gradients)
    scale, root = rate / (1 - beta1**clock), 1 - beta2**clock
    moved = jax.tree.map(lambda p, m, v: p - scale * m / (jnp.sqrt(v / root) + ADAM_EPSILON), parameters, first, second)
    return moved, [first, second], clock


PEERS = (JaxScan(),)
