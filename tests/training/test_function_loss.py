"""A loss of one's own: the same training as with the engine's loss, for classes and values, in files and errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import pellucid as pl

RNG = np.random.default_rng(0)
FLOWERS = pl.data.Dataset(
    (x := RNG.random((90, 4)).astype(np.float32)), (x @ [1, 2, -1, 0.5] > 1.3).astype(int) + (x[:, 1] > 0.8)
)
VALUES = pl.data.Dataset(x, np.stack([x[:, 0] * x[:, 1], x.sum(axis=1)], 1))


def cross_entropy(outputs: NDArray[np.float32], classes: NDArray[np.int64]) -> tuple[float, NDArray[np.float64]]:
    rows = np.arange(len(classes))
    chosen = outputs[rows, classes].astype(np.float64)
    gradient = np.zeros(outputs.shape)
    gradient[rows, classes] = -1 / (len(classes) * chosen)
    return -np.log(chosen).mean(), gradient


def mean_squared(outputs: NDArray[np.float32], values: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    away = outputs - values
    return float((away**2).mean()), 2 * away / away.size


def layers(last: str | None, width: int) -> list[Any]:
    return [pl.Dense(8, "tanh"), pl.Dense(width, last or "identity")]


@pytest.mark.parametrize("optimizer", [pl.SGD(0.3), pl.SGD(0.1, decay=0.01), pl.Adam(0.01), pl.Momentum(0.02)])
@pytest.mark.parametrize(
    ("data", "last", "width", "function", "name"),
    [(FLOWERS, "softmax", 3, cross_entropy, "cross_entropy"), (VALUES, None, 2, mean_squared, "mean_squared")],
)
def test_training_is_that_of_the_engines_loss(
    optimizer: Any, data: Any, last: str | None, width: int, function: Any, name: str
) -> None:
    trainers = [
        pl.Trainer(pl.Network(layers(last, width), input_shape=(4,), seed=3), data, loss=loss, optimizer=optimizer)
        for loss in (function, name)
    ]
    own, engine = ([*trainer.run(6, validation=data)] for trainer in trainers)
    np.testing.assert_allclose(trainers[0].net.parameters, trainers[1].net.parameters, atol=2e-5)
    np.testing.assert_allclose([e.loss for e in own], [e.loss for e in engine], rtol=1e-5)  # type: ignore[union-attr]
    np.testing.assert_allclose([e.test_loss for e in own], [e.test_loss for e in engine], rtol=1e-4)  # type: ignore[union-attr]
    for kind in ("train_accuracy", "test_accuracy"):
        assert [getattr(e, kind) for e in own] == pytest.approx([getattr(e, kind) for e in engine], nan_ok=True)
    assert trainers[0].loss == f"{function.__name__}()"


def test_a_convolutional_network_with_augmentation_is_the_same_too() -> None:
    digits = pl.data.load("digits").train[:200]
    made = [pl.Conv2d(2, 5, activation="relu"), pl.MaxPool2d(4), pl.Flatten(), pl.Dense(10, "softmax")]
    trainers = [
        pl.Trainer(
            pl.Network(made, input_shape=(28, 28), seed=1), digits, loss=loss, batch_size=64, optimizer="adam",
            augment=pl.Augment.standard(),
        )
        for loss in (cross_entropy, None)
    ]  # fmt: skip
    losses = [trainer.take_steps(8) for trainer in trainers]
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_a_checkpoint_continues_with_the_same_function(tmp_path: Path) -> None:
    def make() -> pl.Trainer:
        return pl.Trainer(pl.Network(layers("softmax", 3), input_shape=(4,)), FLOWERS, loss=cross_entropy)

    whole, half = make(), make()
    whole.take_steps(8)
    half.take_steps(4)
    half.save(tmp_path / "half")
    with pytest.raises(pl.ConfigurationError, match=r"loss=cross_entropy\(\): give the same"):
        pl.Trainer.resume(tmp_path / "half", FLOWERS)
    with pytest.raises(pl.ConfigurationError, match="give the same"):
        pl.Trainer.resume(tmp_path / "half", FLOWERS, loss=mean_squared)
    again = pl.Trainer.resume(tmp_path / "half", FLOWERS, loss=cross_entropy)
    again.take_steps(4)
    assert again.net.parameters.tobytes() == whole.net.parameters.tobytes()


def test_steps_before_an_error_of_the_function_count() -> None:
    calls = []

    def failing(outputs: Any, targets: Any) -> Any:
        calls.append(len(outputs))
        if len(calls) > 3:
            raise ZeroDivisionError("mine")
        return mean_squared(outputs, targets)

    trainer = pl.Trainer(pl.Network(layers(None, 2), input_shape=(4,)), VALUES, loss=failing, batch_size=10)
    with pytest.raises(ZeroDivisionError, match="mine"):
        list(trainer.run(1))
    assert trainer.step == 3


def test_a_loss_that_is_not_finite_is_a_divergence() -> None:
    net = pl.Network(layers(None, 2), input_shape=(4,))
    trainer = pl.Trainer(net, VALUES, loss=lambda outputs, _: (np.nan, outputs))
    before = net.parameters.copy()
    with pytest.raises(pl.DivergedError):
        trainer.take_steps(1)
    assert net.parameters.tobytes() == before.tobytes()
    steps = iter([1.0, 0.5, 0.3])
    trainer = pl.Trainer(net, VALUES, loss=lambda outputs, _: (next(steps), outputs * np.inf))
    with pytest.raises(pl.DivergedError):
        trainer.take_steps(1)
    assert net.parameters.tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (1.0, r"expected to return \(loss, gradient\), returned float"),
        ((np.zeros(3), 0), "the mean loss as one number"),
        ((1.0, np.zeros((3, 2))), r"a gradient for outputs of shape \(32, 2\), returned float64 of shape \(3, 2\)"),
        ((1.0, None), "a gradient for outputs"),
    ],
)
def test_wrong_answers_of_a_function_are_told(answer: Any, told: str) -> None:
    trainer = pl.Trainer(pl.Network(layers(None, 2), input_shape=(4,)), VALUES, loss=lambda *_: answer)
    with pytest.raises(pl.ConfigurationError, match=told):
        trainer.take_steps(1)


def test_what_does_not_go_together_is_refused() -> None:
    net = pl.Network(layers("softmax", 3), input_shape=(4,))
    with pytest.raises(pl.ConfigurationError, match="no access to weights"):
        pl.Trainer(pl.Network(layers("softmax", 3), input_shape=(4,)), FLOWERS, loss=cross_entropy, label_smoothing=0.1)
    with pytest.raises(pl.ConfigurationError, match=r"a function of \(outputs, targets\), got 3"):
        pl.Trainer(net, FLOWERS, loss=3)  # type: ignore[arg-type]


def streamed(data: pl.data.Dataset, **options: Any) -> pl.data.Stream:
    def batches() -> Any:
        for begin in range(0, len(data), 7):
            yield data.images[begin : begin + 7], data.targets[begin : begin + 7]

    return pl.data.Stream(batches, shuffle=False, level_range=None, **options)


@pytest.mark.parametrize(
    ("data", "last", "width", "function", "name"),
    [(FLOWERS, "softmax", 3, cross_entropy, "cross_entropy"), (VALUES, None, 2, mean_squared, "mean_squared")],
)
@pytest.mark.parametrize("kind", ["stream", "windows"])
def test_data_in_windows_are_trained_on_and_evaluated_alike(
    data: Any, last: str | None, width: int, function: Any, name: str, kind: str
) -> None:
    given = (
        streamed(data, memory_limit=3000)
        if kind == "stream"
        else pl.data.Dataset(data.images, data.targets, memory_limit=3000)
    )
    trainers = [
        pl.Trainer(pl.Network(layers(last, width), input_shape=(4,), seed=3), given, loss=loss, batch_size=16)
        for loss in (function, name)
    ]
    own, engine = ([*trainer.run(4, validation=given)] for trainer in trainers)
    np.testing.assert_allclose(trainers[0].net.parameters, trainers[1].net.parameters, atol=2e-5)
    for field in ("loss", "test_loss", "train_accuracy", "test_accuracy"):
        ours, theirs = ([getattr(event, field) for event in events] for events in (own, engine))
        assert ours == pytest.approx(theirs, rel=1e-4, nan_ok=True)
    assert type(trainers[0]._task).__name__ == "WindowedFunctionTask"


def test_weights_of_a_stream_are_refused() -> None:
    data = pl.data.Stream([(FLOWERS.images, FLOWERS.labels, np.ones(90))])
    with pytest.raises(pl.ConfigurationError, match="no access to weights"):
        pl.Trainer(pl.Network(layers("softmax", 3), input_shape=(4,)), data, loss=cross_entropy)


@pytest.mark.parametrize("batch_size", [16, 40])
@pytest.mark.parametrize("convolutional", [False, True])
def test_the_outputs_have_the_dropout_of_the_step(batch_size: int, convolutional: bool) -> None:
    made: list[pl.Layer] = [pl.Dense(8, "tanh"), pl.Dropout(0.5), pl.Dense(3, "softmax")]
    if convolutional:
        made = [pl.Conv2d(4, 2, activation="tanh"), pl.Dropout(0.3), pl.Flatten(), pl.Dense(3, "softmax")]
    shape = (2, 2) if convolutional else (4,)
    trainers = [
        pl.Trainer(
            pl.Network(made, input_shape=shape, seed=3), FLOWERS, loss=loss, batch_size=batch_size, seed=5,
            optimizer=pl.SGD(0.3),
        )
        for loss in (cross_entropy, "cross_entropy")
    ]  # fmt: skip
    own, engine = ([*trainer.run(3, validation=FLOWERS)] for trainer in trainers)
    np.testing.assert_allclose(trainers[0].net.parameters, trainers[1].net.parameters, atol=2e-5)
    for field in ("loss", "test_loss", "train_accuracy", "test_accuracy"):
        ours, theirs = ([getattr(event, field) for event in events] for events in (own, engine))
        assert ours == pytest.approx(theirs, rel=1e-4)


@pytest.mark.parametrize("loss", [type, int, np.ndarray, lambda: 1, lambda outputs: 1, lambda a, b, c: 1])
def test_functions_of_other_arguments_are_refused_at_once(loss: Any) -> None:
    net = pl.Network(layers("softmax", 3), input_shape=(4,))
    with pytest.raises(pl.ConfigurationError, match=r"a function of \(outputs, targets\)"):
        pl.Trainer(net, FLOWERS, loss=loss)
    with pytest.raises(pl.ConfigurationError, match="metrics expected functions"):
        pl.Trainer(net, FLOWERS).run(1, validation=FLOWERS, metrics={"mine": loss})


def test_functions_that_do_not_tell_their_arguments_are_called() -> None:
    trainer = pl.Trainer(pl.Network(layers("softmax", 3), input_shape=(4,)), FLOWERS, loss=np.hypot)  # type: ignore[arg-type]
    with pytest.raises((pl.ConfigurationError, ValueError)):
        trainer.take_steps(1)
