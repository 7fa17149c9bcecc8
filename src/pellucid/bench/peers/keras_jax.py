"""Keras 3 on JAX: its own `fit` and `predict`, compiled, with several steps a call."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from pellucid.bench.peers.base import InferenceRun, Peer, TrainingRun, UnsuitedError
from pellucid.bench.peers.torch_compile import steps_a_call
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON, MOMENTUM, Floats, InferenceWork, TrainingWork


class KerasOnJax(Peer):
    """A `Sequential` of dense layers, without metrics; the images come in the order of the workload."""

    name = "Keras on JAX"
    package = "keras"
    modules = ("keras", "jax")
    most_steps = 3000

    def train(self, work: TrainingWork) -> TrainingRun:
        """Compile at the first run; each run starts from the workload's weights and an optimizer's zeros."""
        keras = _keras()
        images, labels = work.images[work.order], work.labels[work.order]
        model = _model(keras, work)
        model.compile(
            optimizer=_optimizer(keras, work),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            steps_per_execution=steps_a_call(work.steps),
            jit_compile=True,
        )
        model.optimizer.build(model.trainable_variables)
        rate = model.optimizer.learning_rate
        state = [variable for variable in model.optimizer.variables if variable is not rate]
        zeros = [np.zeros(variable.shape, variable.dtype) for variable in state]

        def run() -> float:
            model.set_weights(_weights(work))
            for variable, zero in zip(state, zeros, strict=True):
                variable.assign(zero)
            history = model.fit(images, labels, batch_size=work.batch_size, epochs=1, shuffle=False, verbose=0)
            return float(history.history["loss"][-1])

        return run

    def read(self, work: InferenceWork) -> InferenceRun:
        """All images as one batch, or one row at a time, without `predict`'s loop where one batch is read."""
        keras = _keras()
        model = keras.Sequential([_model(keras, work), keras.layers.Softmax()])
        model.compile(jit_compile=True)
        model.layers[0].set_weights(_weights(work))
        rows = [image[np.newaxis] for image in work.images] if work.one_at_a_time else [work.images]

        def run() -> Floats | list[Floats]:
            read = [np.asarray(model.predict_on_batch(images)) for images in rows]
            return [answer[0] for answer in read] if work.one_at_a_time else read[0]

        return run


def _keras() -> Any:
    """Import Keras on JAX; the backend is chosen once for a process."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    if keras.backend.backend() != "jax":
        raise UnsuitedError(f"Keras runs on {keras.backend.backend()} in this process.")
    return keras


def _model(keras: Any, work: TrainingWork | InferenceWork) -> Any:
    hidden = [keras.layers.Dense(units, activation=work.activation) for units in work.layers[1:-1]]
    model = keras.Sequential([keras.Input((work.layers[0],)), *hidden, keras.layers.Dense(work.layers[-1])])
    model.set_weights(_weights(work))
    return model


def _optimizer(keras: Any, work: TrainingWork) -> Any:
    if work.optimizer == "adam":
        beta1, beta2 = ADAM_BETAS
        return keras.optimizers.Adam(work.learning_rate, beta1, beta2, ADAM_EPSILON)
    return keras.optimizers.SGD(work.learning_rate, MOMENTUM if work.optimizer == "momentum" else 0.0)


def _weights(work: TrainingWork | InferenceWork) -> list[Floats]:
    """The parameters in Keras's order: kernels (in, out), biases (out,)."""
    return [array for weight, bias in work.parameters for array in (weight.T, bias)]


PEERS = (KerasOnJax(),)
