"""A loss of one's own for sequences: the same training as with the engine's losses, and what they cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl

RNG = np.random.default_rng(0)
FRAMES = [RNG.standard_normal((length, 3)).astype(np.float32) for length in RNG.integers(3, 12, 60)]
CLASSES = pl.data.Sequences(FRAMES, [int(frames[:, 0].mean() > 0) for frames in FRAMES])
OF_FRAMES = pl.data.Sequences(FRAMES, [(frames[:, 1] > 0).astype(int) for frames in FRAMES], per_frame=True)


def cross_entropy(outputs: Any, classes: Any) -> Any:
    rows = np.arange(len(classes))
    gradient = np.zeros_like(outputs)
    gradient[rows, classes] = -1 / (len(classes) * outputs[rows, classes])
    return -np.log(outputs[rows, classes]).mean(), gradient


def frame_cross_entropy(outputs: Any, labels: Any) -> Any:
    pairs = [cross_entropy(*pair) for pair in zip(outputs, labels, strict=True)]
    return np.mean([loss for loss, _ in pairs]), [gradient / len(pairs) for _, gradient in pairs]


def squared_mean_of_frames(outputs: Any, classes: Any) -> Any:
    """A loss of the mean output over the frames, which no loss of the engine is."""
    away = [2 * (frames.mean() - wanted) for frames, wanted in zip(outputs, classes, strict=True)]
    gradients = [np.full_like(y, a / y.size / len(away)) for y, a in zip(outputs, away, strict=True)]
    return np.mean(np.square(away)) / 4, gradients


def layers(kind: str) -> list[pl.Layer]:
    return [pl.GRU(5, bidirectional=True, outputs=kind), pl.Dense(2, "softmax")]


@pytest.mark.parametrize("augment", [None, lambda frames, rng: frames + np.float32(0.1)])
@pytest.mark.parametrize("clip", [None, 0.3])
@pytest.mark.parametrize(
    ("data", "kind", "function"),
    [(CLASSES, "last", cross_entropy), (CLASSES, "mean", cross_entropy), (OF_FRAMES, "frames", frame_cross_entropy)],
)
def test_training_is_that_of_the_engines_loss(data: Any, kind: str, function: Any, clip: Any, augment: Any) -> None:
    trainers = [
        pl.Trainer(
            pl.Network(layers(kind), input_shape=(None, 3), seed=3), data, loss=loss, clip=clip, augment=augment,
            optimizer=pl.Adam(0.01),
        )
        for loss in (function, "cross_entropy")
    ]  # fmt: skip
    own, engine = ([*trainer.run(4, validation=data)] for trainer in trainers)
    np.testing.assert_allclose(trainers[0].net.parameters, trainers[1].net.parameters, atol=2e-4)
    for field in ("loss", "test_loss", "train_accuracy", "test_accuracy"):
        ours, theirs = ([getattr(event, field) for event in events] for events in (own, engine))
        assert ours == pytest.approx(theirs, rel=1e-3)
    assert trainers[0].loss == f"{function.__name__}()"


def test_a_loss_that_the_engine_does_not_have_is_learnt() -> None:
    net = pl.Network([pl.RNN(6), pl.Dense(1)], input_shape=(None, 3), seed=1)
    trainer = pl.Trainer(net, CLASSES, loss=squared_mean_of_frames, optimizer=pl.Adam(0.02))
    list(trainer.run(40, validation=CLASSES))
    first, last = trainer.history[0], trainer.history[-1]
    assert last.loss < 0.3 * first.loss
    assert np.isnan([last.train_accuracy, last.test_accuracy]).all()
    told = np.array([frames.mean() > 0.5 for frames in net(CLASSES)])
    assert (told == CLASSES.labels).mean() > 0.9


def test_a_checkpoint_continues_with_the_same_function(tmp_path: Path) -> None:
    def make() -> pl.Trainer:
        return pl.Trainer(pl.Network(layers("last"), input_shape=(None, 3)), CLASSES, loss=cross_entropy)

    whole, half = make(), make()
    whole.take_steps(5)
    half.take_steps(3)
    half.save(tmp_path / "half")
    again = pl.Trainer.resume(tmp_path / "half", CLASSES, loss=cross_entropy)
    again.take_steps(2)
    assert again.net.parameters.tobytes() == whole.net.parameters.tobytes()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda outputs: (1.0, outputs[:-1]), "a list of 32 gradients"),
        (lambda outputs: (1.0, np.zeros(3)), "a list of 32 gradients"),
        (lambda outputs: (1.0, [each[:1] for each in outputs]), r"outputs of shape \(\d+, 2\)"),
        (lambda outputs: 1.0, "returned float"),
    ],
)
def test_answers_that_do_not_fit_are_refused(answer: Any, told: str) -> None:
    net = pl.Network(layers("frames"), input_shape=(None, 3))
    trainer = pl.Trainer(net, OF_FRAMES, loss=lambda outputs, targets: answer(outputs))
    with pytest.raises(pl.ConfigurationError, match=told):
        trainer.take_steps(1)


def test_weights_are_refused() -> None:
    net = pl.Network(layers("last"), input_shape=(None, 3))
    with pytest.raises(pl.ConfigurationError, match="omit"):
        pl.Trainer(net, CLASSES, loss=cross_entropy, class_weight=[1, 2])
    with pytest.raises(pl.ConfigurationError, match="loss expected one of cross_entropy, ctc"):
        pl.Trainer(net, CLASSES, loss="linear")


def test_names_of_classes_are_adopted() -> None:
    named = pl.data.Sequences(FRAMES, CLASSES.labels, classes=["down", "up"])
    net = pl.Network(layers("last"), input_shape=(None, 3))
    trainer = pl.Trainer(net, named)
    assert net.classes == ("down", "up")
    assert net.read(FRAMES[0]).best in ("down", "up")
    turned = pl.data.Sequences(FRAMES, CLASSES.labels, classes=["up", "down"])
    with pytest.raises(pl.ConfigurationError, match="up, down"):
        trainer.run(1, validation=turned)
    with pytest.raises(pl.ConfigurationError, match="up, down"):
        pl.Trainer(net, turned)
