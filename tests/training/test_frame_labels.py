"""A label for every frame: loss, gradient, accuracy and training against NumPy, on any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl

RNG = np.random.default_rng(0)
FRAMES = [RNG.standard_normal((n, 4)).astype(np.float32) for n in RNG.integers(1, 9, 41)]
LABELS = [(f[:, 0] + f[:, 1] > 0).astype(int) + (f[:, 2] > 1) for f in FRAMES]
DATA = pl.data.Sequences(FRAMES, LABELS, per_frame=True, classes=["low", "high", "peak"])
LAYERS: dict[str, list[Any]] = {
    "lstm": [pl.LSTM(6), pl.Dense(3, "softmax")],
    "gru": [pl.GRU(5, bidirectional=True), pl.Dense(3, "softmax")],
    "rnn": [pl.RNN(20), pl.Dense(7, "tanh"), pl.Dense(3, "softmax")],
}


def network(kind: str) -> pl.Network:
    return pl.Network(LAYERS[kind], input_shape=DATA.shape, seed=1)


def loss_of(net: pl.Network, count: int) -> float:
    outputs = net(FRAMES[:count])
    each = [
        -np.log(o[np.arange(len(o)), own].astype(np.float64)).mean() for o, own in zip(outputs, LABELS, strict=False)
    ]
    return float(np.mean(each))


@pytest.mark.parametrize("kind", LAYERS)
def test_loss_and_gradients_are_those_of_the_mean_over_frames(kind: str) -> None:
    net = network(kind)
    found = net.gradient(FRAMES[:20], LABELS[:20], "cross_entropy")
    assert found.loss == pytest.approx(loss_of(net, 20), rel=1e-5)
    parameters = net.parameters
    for i in RNG.integers(0, parameters.size, 25):
        kept, sides = parameters[i], []
        for step in (1e-2, -1e-2):
            parameters[i] = kept + np.float32(step)
            sides.append(loss_of(net, 20))
        parameters[i] = kept
        assert found.parameters[i] == pytest.approx((sides[0] - sides[1]) / 2e-2, abs=2e-4)


@pytest.mark.parametrize("kind", LAYERS)
def test_training_measures_frames_and_does_not_depend_on_threads_or_chunks(kind: str) -> None:
    trainers = [pl.Trainer(network(kind), DATA, optimizer=pl.Adam(0.02), batch_size=20, threads=n) for n in (1, 2)]
    runs = [list(trainer.run(30, validation=DATA)) for trainer in trainers]
    assert trainers[0].net.parameters.tobytes() == trainers[1].net.parameters.tobytes()
    first, last = runs[0][0], runs[0][-1]
    assert last.loss < 0.6 * first.loss  # type: ignore[union-attr]
    outputs = trainers[0].net(FRAMES)
    shares = [(o.argmax(axis=1) == own).mean() for o, own in zip(outputs, LABELS, strict=True)]
    assert last.test_accuracy == pytest.approx(np.mean(shares))  # type: ignore[union-attr]
    assert last.test_accuracy > 0.8  # type: ignore[union-attr]
    assert last.test_loss == pytest.approx(loss_of(trainers[0].net, len(FRAMES)), rel=1e-4)  # type: ignore[union-attr]


def test_a_checkpoint_in_the_middle_of_an_epoch_goes_on(tmp_path: Any) -> None:
    whole, half = (pl.Trainer(network("lstm"), DATA, batch_size=5) for _ in range(2))
    for trainer, steps in ((whole, 12), (half, 6)):
        trainer.take_steps(steps)
    half.save(tmp_path / "half")
    again = pl.Trainer.resume(tmp_path / "half", DATA)
    again.take_steps(6)
    assert again.net.parameters.tobytes() == whole.net.parameters.tobytes()
    assert again.state.right == pytest.approx(whole.state.right)


def test_parts_keep_the_labels_of_their_frames() -> None:
    part = DATA[[3, 1]]
    assert [own.tolist() for own in part.labels] == [LABELS[3].tolist(), LABELS[1].tolist()]
    assert part[1][1].tolist() == LABELS[1].tolist()  # type: ignore[union-attr]
    assert "3 classes of frames" in repr(part)
    rows = np.zeros((len(FRAMES[0]), 3))
    assert pl.data.Sequences([rows], [[0] * len(rows)], per_frame=True).transcribed is False


def test_what_does_not_fit_is_refused() -> None:
    of_sequences = pl.Network([pl.LSTM(3, outputs="last"), pl.Dense(3, "softmax")], input_shape=DATA.shape)
    with pytest.raises(pl.DataError, match="a label for each of the"):
        pl.data.Sequences(FRAMES, [[0, 1]] * len(FRAMES), per_frame=True)
    with pytest.raises(pl.DataError, match="An output for every frame needs a label for every frame"):
        pl.Trainer(network("lstm"), pl.data.Sequences(FRAMES, [0] * len(FRAMES)))
    with pytest.raises(pl.DataError, match="Labels for every frame need an output for every frame"):
        pl.Trainer(of_sequences, DATA)
    with pytest.raises(pl.DataError, match="ctc needs a list of labels"):
        pl.Trainer(network("lstm"), DATA, loss="ctc")
    shorter = pl.Trainer(network("lstm"), DATA, augment=lambda frames, rng: np.concatenate([frames, frames]))
    with pytest.raises(pl.DataError, match="which have a label each"):
        shorter.take_steps(1)
    with pytest.raises(pl.ShapeError, match="one class each"):
        pl.inspect.mistakes(network("lstm"), DATA)
