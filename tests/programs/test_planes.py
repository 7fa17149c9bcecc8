"""Networks with convolutions, pools and dropout, against a naive implementation, central differences and PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

import naive_planes
import pellucid as pl
from pellucid.errors import ConfigurationError, ShapeError

GOLDEN = Path(__file__).parents[1] / "golden" / "planes.npz"
SMOOTH = ["identity", "sigmoid", "tanh"]
ANY = [*SMOOTH, "relu"]


def images(shape: tuple[int, ...], count: int, seed: int = 0) -> np.ndarray:
    """Images with much background; all other pixels differ, so that every window has one maximum."""
    rng = np.random.default_rng(seed)
    return (rng.random((count, *shape)) * (rng.random((count, *shape)) < 0.5)).astype(np.float32)


def framed(shape: tuple[int, ...], count: int, seed: int) -> np.ndarray:
    """The same with a border of background: lines and columns that are 0 in all images, sometimes all of them."""
    rng, x = np.random.default_rng(seed), images(shape, count)
    (top, past), (left, right) = (np.sort(rng.integers(0, side + 1, 2)) for side in shape[-2:])
    inked = np.zeros_like(x)
    inked[..., top:past, left:right] = x[..., top:past, left:right]
    return inked


@st.composite
def networks(draw: Any) -> pl.Network:
    """A convolution, an optional pool, an optional second pair, then dense layers, in any shapes that fit."""
    sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))
    shape: tuple[int, ...] = (draw(st.integers(1, 3)), draw(st.integers(3, 9)), draw(st.integers(3, 9)))
    begin, layers = shape if draw(st.booleans()) else shape[1:], []
    shape = begin
    for _ in range(draw(st.integers(1, 2))):
        strides, paddings = st.tuples(st.integers(1, 3), st.integers(1, 2)), st.tuples(*2 * [st.integers(0, 3)])
        made: list[Any] = [
            pl.Conv2d(draw(st.integers(1, 9)), draw(sizes), draw(strides), draw(paddings), draw(st.sampled_from(ANY)))
        ]
        pool = draw(st.sampled_from([None, pl.MaxPool2d, pl.AvgPool2d]))
        made += [] if pool is None else [pool(draw(sizes), draw(st.none() | sizes))]
        made += [pl.Dropout(0.3)] if draw(st.booleans()) else []
        for layer in made:
            try:
                shape = layer.output_shape(shape)
            except ShapeError:
                continue
            layers.append(layer)
    layers += [pl.Flatten()] if draw(st.booleans()) else []
    layers += [pl.Dense(draw(st.integers(1, 9)), draw(st.sampled_from(ANY)))] if draw(st.booleans()) else []
    layers, seed = [*layers, pl.Dense(3, "softmax")], draw(st.integers(0, 99))
    note(f"net = pl.Network([{', '.join(f'pl.{layer!r}' for layer in layers)}], input_shape={begin}, seed={seed})")
    return pl.Network(layers, input_shape=begin, seed=seed)


few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(net=networks(), count=st.integers(1, 40), seed=st.integers(0, 99))
def test_answers_and_traces(net: pl.Network, count: int, seed: int) -> None:
    x = framed(net.input_shape, count, seed)
    twin = naive_planes.forward(net, x.astype(np.float64))
    np.testing.assert_allclose(net(x), twin[-1][2], rtol=1e-4, atol=1e-6)
    trace = net.trace(x)
    for step, (inputs, sums, activations) in zip(trace.layers, twin, strict=True):
        np.testing.assert_allclose(step.inputs.ravel(), inputs.ravel(), rtol=1e-4, atol=2e-6)
        assert step.sums.shape == step.activations.shape == activations.shape
        np.testing.assert_allclose(step.sums, sums, rtol=1e-4, atol=2e-6)
        np.testing.assert_allclose(step.activations, activations, rtol=1e-4, atol=2e-6)


@few
@given(net=networks(), seed=st.integers(0, 99))
def test_one_image_has_the_bits_of_a_batch(net: pl.Network, seed: int) -> None:
    x = framed(net.input_shape, 3, seed)
    many = net(x)
    for _ in range(2):
        np.testing.assert_array_equal([net(image) for image in x], many)
    np.testing.assert_array_equal(net.trace(x[1]).outputs, many[1])


@few
@given(net=networks(), count=st.integers(1, 20), seed=st.integers(0, 99))
def test_gradients(net: pl.Network, count: int, seed: int) -> None:
    x = framed(net.input_shape, count, seed)
    labels = [i % 3 for i in range(count)]
    gradient = net.gradient(x, labels)
    loss, parameters, inputs = naive_planes.backward(net, x.astype(np.float64), labels)
    assert gradient.loss == pytest.approx(loss, rel=1e-5)
    sizes = naive_planes.magnitudes(net, x.astype(np.float64), labels)
    for made, expected, size in zip((gradient.parameters, gradient.inputs), (parameters, inputs), sizes, strict=True):
        spare = 1e-6 * size + 1e-5 * np.abs(expected).max()
        assert (np.abs(made - expected) <= 1e-3 * np.abs(expected) + spare).all()


def smooth(pool: Any, stride: int = 1, padding: int = 1) -> pl.Network:
    layers = [
        pl.Conv2d(3, 3, stride, padding, "tanh"), pool, pl.Conv2d(2, 2, activation="sigmoid"),
        pl.Dense(4, "tanh"), pl.Dense(3, "softmax"),
    ]  # fmt: skip
    return pl.Network(layers, input_shape=(2, 7, 6), seed=3)


CASES = [(pl.AvgPool2d(2), 1), (pl.MaxPool2d(2), 1), (pl.MaxPool2d(2, 1), 2), (pl.AvgPool2d((2, 1), (1, 2)), 1)]


@pytest.mark.parametrize(("pool", "stride"), CASES)
def test_the_naive_implementation_agrees_with_its_own_differences(pool: Any, stride: int) -> None:
    net = smooth(pool, stride)
    x, labels, step = np.random.default_rng(1).random((3, *net.input_shape)), [0, 2, 1], 1e-4
    start = net.parameters.copy()
    _, parameters, inputs = naive_planes.backward(net, x, labels)
    for i in range(0, net.parameter_count, 3):
        rises = []
        for sign in (1, -1):
            net.parameters[...] = start
            net.parameters[i] += sign * step
            rises.append((naive_planes.backward(net, x, labels)[0], float(net.parameters[i])))
        (ahead, right), (behind, left) = rises
        assert parameters[i] == pytest.approx((ahead - behind) / (right - left), rel=1e-3, abs=1e-6)
    net.parameters[...] = start
    for i in range(0, x[0].size, 5):
        moved = np.zeros(x[0].size)
        moved[i] = step
        shift = moved.reshape(x[0].shape)
        rise = naive_planes.backward(net, x + shift, labels)[0] - naive_planes.backward(net, x - shift, labels)[0]
        assert inputs[:, i].sum() == pytest.approx(rise / (2 * step), rel=1e-3, abs=1e-6)


def largest_first() -> pl.Network:
    """A network in which no parameter changes which element of a window is the largest."""
    layers = [pl.MaxPool2d(2, 1), pl.Conv2d(3, 3, activation="tanh"), pl.Flatten(), pl.Dense(3, "softmax")]
    return pl.Network(layers, input_shape=(2, 7, 6), seed=3)


@pytest.mark.parametrize(
    "net", [smooth(*CASES[0]), smooth(*CASES[3]), smooth(pl.AvgPool2d((2, 1)), 2), largest_first()]
)
def test_the_engine_agrees_with_its_own_differences(net: pl.Network) -> None:
    """Every parameter, in float32: differences over 0.02 and 0.04 together give the derivative to about 2e-5."""
    x, labels = np.random.default_rng(1).random((3, *net.input_shape)), [0, 2, 1]
    gradient, start = net.gradient(x, labels), net.parameters.copy()
    by_hand = []
    for i in range(net.parameter_count):
        rise = 0.0
        for factor, step in ((8, 0.01), (-8, -0.01), (-1, 0.02), (1, -0.02)):
            net.parameters[...] = start
            net.parameters[i] += step
            rise += factor * net.gradient(x, labels).loss
        by_hand.append(rise / 0.12)
    np.testing.assert_allclose(gradient.parameters, by_hand, rtol=2e-2, atol=1e-4)


def test_one_filter_worked_out_by_hand() -> None:
    """A 2x2 filter over a 2x3 picture, ReLU; then the larger of its two places.

    ::

        x = 1 0 .5     W = 1 -1     b = .25      z = 1 - 0 + 0 + 2 (.25) + .25, 0 - .5 + 0 + 2 (0) + .25
            0 .25 0        0  2                    = 1.75, -.25                 a = 1.75, 0
    """
    net = pl.Network([pl.Conv2d(1, 2, activation="relu"), pl.MaxPool2d((1, 2)), pl.Flatten()], input_shape=(2, 3))
    net.layers[0].named()["weight"][...] = [[[[1, -1], [0, 2]]]]
    net.layers[0].named()["bias"][...] = 0.25
    x = np.array([[1, 0, 0.5], [0, 0.25, 0]])
    trace = net.trace(x)
    np.testing.assert_array_equal(trace[0].sums, [[[1.75, -0.25]]])
    np.testing.assert_array_equal(trace[0].activations, [[[1.75, 0]]])
    np.testing.assert_array_equal(trace[0].terms(0, 0, 0), [[[1, 0], [0, 0.5]]])
    np.testing.assert_array_equal(trace[0].terms(0, 0, 1), [[[0, -0.5], [0, 0]]])
    np.testing.assert_array_equal(net(x), [1.75])
    # The squared loss (1.75 - 1)**2 has the derivative 1.5 by the maximum; that is 1.5 x by the weights.
    gradient = net.gradient(x, 0, "squared")
    np.testing.assert_allclose(gradient.parameters, [1.5, 0, 0, 0.375, 1.5])
    np.testing.assert_allclose(gradient.inputs.reshape(2, 3), [[1.5, -1.5, 0], [0, 3, 0]])


@few
@given(net=networks())
def test_terms_add_up(net: pl.Network) -> None:
    x = images(net.input_shape, 2)
    for step in net.trace(x).layers:
        if isinstance(step.layer, pl.Conv2d):
            channel, y, u = (side - 1 for side in step.sums.shape[1:])
            total = step.terms(channel, y, u).sum((1, 2, 3)) + step.layer.bias[channel]
            np.testing.assert_allclose(total, step.sums[:, channel, y, u], rtol=1e-4, atol=1e-5)
            with pytest.raises(ShapeError, match="within"):
                step.terms(channel + 1, y, u)
        elif not step.layer.named():
            with pytest.raises(ShapeError, match="no weights"):
                step.terms(0)


def test_results_equal_pytorchs() -> None:
    """Sums, gradients, losses and parameters of a small network, stored by tools/make_golden_planes.py."""
    with np.load(GOLDEN, allow_pickle=False) as file:
        golden = {name: file[name] for name in file.files}
    layers = [
        pl.Conv2d(5, 3, padding=1, activation="relu"), pl.MaxPool2d(2), pl.Conv2d(7, (3, 2), (2, 1), (0, 1), "tanh"),
        pl.AvgPool2d((1, 2)), pl.Flatten(), pl.Dense(6, "relu"), pl.Dense(4, "softmax"),
    ]  # fmt: skip
    net = pl.Network(layers, input_shape=(12, 10))
    net.parameters[...] = golden["start"]
    x, labels = golden["images"], golden["labels"].astype(np.int64)
    trace = net.trace(x)
    for name, index in (("first", 0), ("pooled", 1), ("second", 2), ("means", 3)):
        np.testing.assert_allclose(trace[index].activations, golden[name], rtol=1e-4, atol=1e-6)
    gradient = net.gradient(x, labels)
    assert gradient.loss == pytest.approx(float(golden["loss"]), rel=1e-6)
    np.testing.assert_allclose(gradient.parameters, golden["gradient"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(gradient.inputs, golden["by_input"].reshape(len(x), -1), rtol=1e-4, atol=1e-7)
    data = pl.data.Dataset(x, labels, classes=list("abcd"))
    trainer = pl.Trainer(net, data, optimizer=pl.Adam(0.01), batch_size=len(x))
    np.testing.assert_allclose(trainer.take_steps(10), golden["losses"], rtol=2e-5)
    np.testing.assert_allclose(net.parameters, golden["end"], rtol=2e-3, atol=2e-4)


def small(rate: float = 0.4) -> list[Any]:
    return [
        pl.Dropout(rate / 2), pl.Conv2d(4, 3, activation="relu"), pl.MaxPool2d(2), pl.Dropout(rate),
        pl.Dense(12, "relu"), pl.Dropout(rate), pl.Dense(10, "softmax"),
    ]  # fmt: skip


def trainer(threads: int, batch_size: int = 70, seed: int = 1, **options: Any) -> pl.Trainer:
    digits = pl.data.load("digits").train[:300]
    net, adam = pl.Network(small(), input_shape=(28, 28), seed=5), pl.Adam(0.01)
    return pl.Trainer(net, digits, optimizer=adam, batch_size=batch_size, seed=seed, threads=threads, **options)


def test_the_bits_do_not_depend_on_threads_or_cuts() -> None:
    made = []
    for threads, cuts in ((1, [11]), (2, [3, 1, 7]), (3, [6, 5])):
        one = trainer(threads)
        losses = np.concatenate([one.take_steps(steps) for steps in cuts])
        made.append((losses, one.net.parameters))
    for losses, parameters in made[1:]:
        np.testing.assert_array_equal(losses, made[0][0])
        np.testing.assert_array_equal(parameters, made[0][1])
    assert np.abs(trainer(1, seed=2).take_steps(11) - made[0][0]).max() > 1e-3


def test_training_resumes_from_a_checkpoint_bit_for_bit(tmp_path: Path) -> None:
    augment = pl.Augment(shift=1.0, rotation=5.0)
    whole = trainer(2, augment=augment)
    list(whole.run(2))
    broken = trainer(1, augment=augment)
    broken._plan(2, None, None)
    broken.take_steps(6)
    broken.save(tmp_path / "half.safetensors")
    again = pl.Trainer.resume(tmp_path / "half.safetensors", broken._data, threads=2)
    list(again.run())
    np.testing.assert_array_equal(again.net.parameters, whole.net.parameters)


def test_training_in_parallel(tmp_path: Path) -> None:
    alone = trainer(1)
    list(alone.run(1))
    pair = [trainer(1), trainer(1, seed=2)]
    list(pl.train_many(pair, 1))
    np.testing.assert_array_equal(pair[0].net.parameters, alone.net.parameters)
    pl.save(alone.net, tmp_path / "net.safetensors")
    read = pl.load(tmp_path / "net.safetensors")
    assert read.configuration() == alone.net.configuration()
    x = images((28, 28), 5)
    np.testing.assert_array_equal(read(x), alone.net(x))
    np.testing.assert_array_equal(alone.net.copy()(x), alone.net(x))


def test_a_diverging_loss_restores_good_parameters() -> None:
    digits = pl.data.load("digits").train[:300]
    net = pl.Network(small(), input_shape=(28, 28), seed=5)
    wild = pl.Trainer(net, digits, optimizer=pl.SGD(1e18), batch_size=50)
    with pytest.raises(pl.DivergedError):
        list(wild.run(3))
    assert np.isfinite(net.parameters).all()


def test_plain_descent_on_a_batch_of_several_shards() -> None:
    """One step of plain descent subtracts the gradient, however the batch is split."""
    digits = pl.data.load("digits").train[:300]
    net = pl.Network([pl.Conv2d(3, 5, 2, activation="tanh"), pl.Dense(10, "softmax")], input_shape=(28, 28))
    gradient, start = net.gradient(digits.images, digits.labels), net.parameters.copy()
    pl.Trainer(net, digits, optimizer=pl.SGD(0.5), batch_size=300, threads=2).take_steps(1)
    np.testing.assert_allclose(net.parameters, start - 0.5 * gradient.parameters, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("layers", "shape", "words"),
    [
        ([pl.Conv2d(3, 5)], (4, 4), r"\(5, 5\).*\(4, 4\)"),
        ([pl.Conv2d(3, 3), pl.MaxPool2d(4)], (5, 5), r"\(4, 4\).*\(3, 3, 3\)"),
        ([pl.Dense(16), pl.Conv2d(3, 3)], (28, 28), r"Conv2d expected.*\(16,\)"),
        ([pl.Flatten(), pl.AvgPool2d(2)], (28, 28), r"AvgPool2d expected.*\(784,\)"),
        ([pl.Conv2d(3, 3)], (2, 3, 4, 5), r"\(2, 3, 4, 5\)"),
        ([pl.LSTM(3)], (4, 4), "LSTM"),
    ],
)
def test_layers_that_do_not_fit(layers: list[Any], shape: tuple[int, ...], words: str) -> None:
    with pytest.raises(pl.PellucidError, match=words):
        pl.Network(layers, input_shape=shape)


@pytest.mark.parametrize(
    "make",
    [
        lambda: pl.Conv2d(0, 3), lambda: pl.Conv2d(True, 3), lambda: pl.Conv2d(2.5, 3), lambda: pl.Conv2d(3, 0),
        lambda: pl.Conv2d(3, (1, 2, 3)), lambda: pl.Conv2d(3, 3, stride=0), lambda: pl.Conv2d(3, 3, padding=-1),
        lambda: pl.Conv2d(3, "5"), lambda: pl.Conv2d(3, 3, activation="softmax"),
        lambda: pl.Conv2d(3, 3, activation="gelu"), lambda: pl.Conv2d(3, 3, initialization="none"),
        lambda: pl.MaxPool2d(0), lambda: pl.AvgPool2d(2, 0), lambda: pl.MaxPool2d(None),
        lambda: pl.Dropout(1.0), lambda: pl.Dropout(-0.1), lambda: pl.Dropout("half"), lambda: pl.Dropout(float("nan")),
    ],
)  # fmt: skip
def test_invalid_options(make: Any) -> None:
    with pytest.raises(ConfigurationError):
        make()


def test_a_network_of_planes_has_no_loss() -> None:
    net = pl.Network([pl.Conv2d(3, 3)], input_shape=(5, 5))
    assert net(images((5, 5), 4)).shape == (4, 3, 3, 3)
    assert net(images((5, 5), 1)[0]).shape == (3, 3, 3)
    with pytest.raises(ShapeError, match=r"\(3, 3, 3\)"):
        net.gradient(images((5, 5), 4), [0, 1, 2, 0])


def test_numbers_that_are_not_finite_are_refused() -> None:
    net = pl.Network(small(), input_shape=(28, 28))
    x = images((28, 28), 2)
    x[1, 3, 3] = np.nan
    for bad in (x, x[1], x[1]):
        with pytest.raises(pl.DataError):
            net(bad)


def test_dropout_drops_its_share_and_nothing_when_reading() -> None:
    """In a network that only drops and sums, the result's mean is the input; its deviation is that of the factors."""
    rate, count = 0.3, 400
    net = pl.Network([pl.Dropout(rate), pl.Dense(2, "softmax")], input_shape=(50,))
    net.parameters[...] = 0
    data = pl.data.Dataset(np.ones((count, 1, 50), np.float32), np.zeros(count, np.int64), classes=["a", "b"])
    net_shaped = pl.Network(net.layers, input_shape=(1, 50))
    net_shaped.parameters[...] = 0
    pl.Trainer(net_shaped, data, optimizer=pl.SGD(1.0), batch_size=count).take_steps(1)
    # The derivative by W[0, j] is -0.5 times the mean factor of input j.
    factors = 2 * net_shaped.parameters[:100].reshape(50, 2)[:, 0]
    assert factors.mean() == pytest.approx(1.0, abs=0.02)
    assert factors.std() == pytest.approx((rate / (1 - rate) / count) ** 0.5, rel=0.3)
    assert len(np.unique(factors)) > 20
