"""Random small networks of all kinds of layers: answers, gradients and training steps against float64 twins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import naive
import pellucid as pl
from pellucid.errors import ShapeError
from pellucid.training.shuffling import shuffled_order
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError
from tools.fuzz.mutations import Rng, chance, pick
from tools.fuzz.twins import DenseTwin, PlanesTwin, SequencesTwin, Twin

_HIDDEN = ("identity", "sigmoid", "relu", "tanh")
_LOSSES = (("cross_entropy", "softmax"), ("cross_entropy", "sigmoid"), ("squared", "softmax"), ("squared", "identity"))
_MOST_STEPS = 4


def dense(rng: Rng) -> tuple[pl.Network, Any, str]:
    """Return a dense network, data for it, and a loss."""
    shape = pick(rng, ((int(rng.integers(1, 40)),), (int(rng.integers(1, 9)), int(rng.integers(1, 9)))))
    loss, last = pick(rng, _LOSSES)
    kinds = (*_HIDDEN, "softmax")
    hidden = [pick(rng, kinds) for _ in range(int(rng.integers(0, 3)))]
    layers = [pl.Dense(int(rng.integers(1 + (kind == "softmax"), 40)), kind) for kind in hidden]
    classes = int(rng.integers(1 if last == "identity" else 2, 12))
    net = _network(rng, [*layers, pl.Dense(classes, last)], shape)
    return net, _images(rng, shape, int(rng.integers(1, 80)), classes), loss


def planes(rng: Rng) -> tuple[pl.Network, Any, str]:
    """Return a convolutional network, data for it, and a loss."""
    shape: tuple[int, ...] = (int(rng.integers(1, 3)), int(rng.integers(2, 8)), int(rng.integers(2, 8)))
    if shape[0] == 1 and chance(rng, 0.5):
        shape = shape[1:]
    layers: list[Any] = []
    at: Any = shape
    for _ in range(int(rng.integers(1, 4))):
        layer = _plane_layer(rng)
        try:
            at = layer.output_shape(at)
        except ShapeError:
            continue
        layers.append(layer)
    layers += [pl.Flatten()] if chance(rng, 0.5) else []
    layers += [pl.Dense(int(rng.integers(1, 9)), pick(rng, _HIDDEN))] if chance(rng, 0.5) else []
    classes = int(rng.integers(2, 6))
    net = _network(rng, [*layers, pl.Dense(classes, "softmax")], shape)
    return net, _images(rng, shape, int(rng.integers(1, 20)), classes), "cross_entropy"


def sequences(rng: Rng) -> tuple[pl.Network, Any, str]:
    """Return a network of sequences, data for it, and a loss."""
    features, loss = int(rng.integers(1, 6)), pick(rng, ("ctc", "cross_entropy"))
    layers: list[Any] = [_recurrent(rng, "frames") for _ in range(int(rng.integers(0, 2)))]
    layers += [_recurrent(rng, "frames" if loss == "ctc" else pick(rng, ("last", "mean")))]
    classes = int(rng.integers(2, 6))
    net = _network(rng, [*layers, pl.Dense(classes, "softmax")], (None, features))
    frames = [rng.standard_normal((int(rng.integers(4, 12)), features)) for _ in range(int(rng.integers(1, 14)))]
    labels: list[Any] = [int(rng.integers(classes)) for _ in frames]
    if loss == "ctc":  # at most two labels, and a blank between them, fit into four frames
        labels = [rng.integers(1, classes, int(rng.integers(1, 3))) for _ in frames]
    return net, pl.data.Sequences(frames, labels, classes=[str(k) for k in range(classes)]), loss


def prepare(folder: Path) -> Case:
    """Return the case."""

    def case(rng: Rng) -> Tally:
        make, twin_of = pick(rng, ((dense, DenseTwin), (dense, DenseTwin), (planes, PlanesTwin),
                                   (sequences, SequencesTwin)))  # fmt: skip
        try:
            net, data, loss = make(rng)
        except pl.PellucidError as error:
            raise WrongResultError(f"refused: {error}") from error
        twin: Twin = twin_of(net, loss)
        xs, labels = twin.inputs(data), data.labels
        some = rng.permutation(len(data))[: int(rng.integers(1, 1 + min(len(data), 12)))]
        _compare_answers(net, twin, [xs[i] for i in some])
        twin.check_gradient(rng, [xs[i] for i in some], [labels[i] for i in some])
        _compare_steps(rng, net, data, twin, loss)
        return ACCEPTED

    return case


def _network(rng: Rng, layers: list[Any], shape: Any) -> pl.Network:
    net = pl.Network(layers, input_shape=shape, seed=int(rng.integers(1 << 30)))
    if chance(rng, 0.5):
        net.parameters[...] = rng.uniform(-0.8, 0.8, net.parameter_count)
    return net


def _plane_layer(rng: Rng) -> Any:
    def pair(low: int, high: int) -> tuple[int, int]:
        down, across = rng.integers(low, high + 1, 2)
        return int(down), int(across)

    kind = int(rng.integers(6))
    if kind < 3:
        kernel = (3, 3) if chance(rng, 0.4) else pair(1, 4)
        stride = (1, 1) if chance(rng, 0.6) else pair(1, 3)
        return pl.Conv2d(int(rng.integers(1, 7)), kernel, stride, pair(0, 2), pick(rng, _HIDDEN))
    if kind < 5:
        return (pl.MaxPool2d, pl.AvgPool2d)[kind - 3](pair(1, 3), None if chance(rng, 0.5) else pair(1, 3))
    return pl.Dropout(0.3)


def _recurrent(rng: Rng, outputs: str) -> pl.layers.Layer:
    kind = pick(rng, (pl.LSTM, pl.GRU, pl.RNN))
    options = {"activation": pick(rng, ("tanh", "relu", "sigmoid", "identity"))} if kind is pl.RNN else {}
    layer: pl.layers.Layer = kind(int(rng.integers(1, 20)), bidirectional=chance(rng, 0.5), outputs=outputs, **options)
    return layer


def _images(rng: Rng, shape: Any, count: int, classes: int) -> Any:
    """Return images, many of them with much background, as floats or bytes."""
    images = rng.random((count, *shape))
    images *= rng.random(images.shape) < pick(rng, (0.1, 0.5, 1.0))
    if len(shape) > 1 and chance(rng, 0.5):
        images[..., : int(rng.integers(shape[-2])), :] = 0
        images[..., int(rng.integers(shape[-1])) :] = 0
    made = (images * 255).astype(np.uint8) if chance(rng, 0.5) else images.astype(np.float32)
    return pl.data.Dataset(made, rng.integers(0, classes, count), classes=[str(k) for k in range(classes)])


def _compare_answers(net: pl.Network, twin: Twin, xs: list[Any]) -> None:
    """Compare the outputs for several inputs, and for each alone."""
    many = net(xs if twin.ragged else np.stack(xs))
    for x, answer in zip(xs, many, strict=True):
        close("outputs", answer, twin.outputs(x), rtol=2e-4, atol=5e-6)
        close("outputs for one input", net(x), answer, rtol=1e-4, atol=1e-6)


def _compare_steps(rng: Rng, net: pl.Network, data: Any, twin: Twin, loss: str) -> None:
    """Compare steps with those of the optimiser's rule in float64 along the engine's own gradients."""
    if any(layer.kind == "dropout" for layer in net.layers):
        pl.Trainer(net, data, loss=loss, optimizer=pl.SGD(0.01), batch_size=5).take_steps(2)
        return
    optimizer, descent = _optimizer(rng)
    batch, seed = int(rng.integers(1, 2 + len(data))), int(rng.integers(1 << 30))
    clip = 0.3 if twin.ragged and chance(rng, 0.5) else None
    threads = 2 if chance(rng, 0.2) else 1
    trainer = pl.Trainer(
        net, data, loss=loss, optimizer=optimizer, batch_size=batch, seed=seed, threads=threads, clip=clip
    )
    xs, labels, per_epoch = twin.inputs(data), data.labels, -(-len(data) // batch)
    for step in range(int(rng.integers(1, _MOST_STEPS))):
        epoch, at = divmod(step, per_epoch)
        chosen = shuffled_order(seed, epoch, len(data))[at * batch : (at + 1) * batch]
        gradient = net.gradient(*twin.batch([xs[i] for i in chosen], [labels[i] for i in chosen]), loss)
        before, slope = net.parameters.astype(np.float64), gradient.parameters.astype(np.float64)
        if clip is not None:
            slope *= min(1.0, clip / max(float(np.linalg.norm(slope)), 1e-30))
        made = trainer.take_steps(1)
        wanted = descent.step(before, slope, optimizer.learning_rate)
        close("loss of a step", made, gradient.loss, rtol=1e-3, atol=1e-5)
        size = np.abs(gradient.parameters).max(initial=0) * optimizer.learning_rate
        close("parameters after a step", net.parameters, wanted, rtol=1e-4, atol=2e-6 + 1e-3 * size)


def _optimizer(rng: Rng) -> tuple[Any, naive.Descent]:
    decay = pick(rng, (0.0, 0.0, 0.01))
    rate = pick(rng, (0.1, 0.01))
    match int(rng.integers(4)):
        case 0:
            return pl.SGD(rate, decay=decay), naive.Descent("sgd", decay)
        case 1:
            return pl.Momentum(rate, decay=decay, momentum=0.8), naive.Descent("momentum", decay, 0.8)
        case 2:
            made = pl.Momentum(rate, decay=decay, momentum=0.8, nesterov=True)
            return made, naive.Descent("nesterov", decay, 0.8)
        case _:
            return pl.Adam(rate / 10, decay=decay, epsilon=1e-2), naive.Descent("adam", decay, epsilon=1e-2)


def close(what: str, made: Any, wanted: Any, *, rtol: float, atol: float) -> None:
    """Compare two arrays.

    Raises
    ------
    WrongResultError
        With the largest difference.
    """
    made, wanted = np.asarray(made, np.float64), np.asarray(wanted, np.float64)
    if np.allclose(made, wanted, rtol=rtol, atol=atol):
        return
    raise WrongResultError(f"{what}: {np.abs(made - wanted).max()} apart, of {np.abs(wanted).max()}")


CAMPAIGN = Campaign(
    "small networks of all kinds against float64 twins",
    prepare,
    share=60,
    environment={"PELLUCID_GUARD": "1"},
)
