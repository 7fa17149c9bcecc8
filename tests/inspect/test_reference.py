"""The reference network: by hand, against its own central differences, and against the engine for drawn networks."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.errors import ShapeError
from pellucid.inspect import reference
from pellucid.inspect.reference import Layer

PAGE = Path(__file__).parents[2] / "docs/reference-network.md"
ACTIVATIONS = ("identity", "sigmoid", "tanh", "relu", "softmax")
ENDS = [("cross_entropy", "softmax"), ("cross_entropy", "sigmoid"), *(("squared", name) for name in ACTIVATIONS)]


@st.composite
def networks(draw: st.DrawFn) -> tuple[pl.Network, str, np.ndarray, np.ndarray]:
    """A network of one to four layers, the loss it is trained with, inputs (N, D) and labels (N,)."""
    loss, last = draw(st.sampled_from(ENDS))
    hidden = draw(st.lists(st.tuples(st.integers(1, 9), st.sampled_from(ACTIVATIONS)), max_size=3))
    inputs, outputs, count = draw(st.integers(1, 40)), draw(st.integers(2, 12)), draw(st.integers(1, 20))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    layers = [*(pl.Dense(size, name) for size, name in hidden), pl.Dense(outputs, last)]
    net = pl.Network(layers, input_shape=(inputs,))
    net.parameters[...] = rng.uniform(-0.8, 0.8, net.parameter_count)
    return net, loss, rng.random((count, inputs)).astype(np.float32), rng.integers(0, outputs, count)


def zeros_like(layers: list[Layer]) -> list[Layer]:
    return reference.unflatten(layers, np.zeros_like(reference.flatten(layers)))


@settings(deadline=None, max_examples=60)
@given(networks())
def test_outputs_and_traces_are_the_engines(drawn: tuple[pl.Network, str, np.ndarray, np.ndarray]) -> None:
    net, _, x, _ = drawn
    steps = reference.forward(reference.layers_of(net), x.astype(np.float64))
    for step, layer in zip(steps, net.trace(x).layers, strict=True):
        np.testing.assert_allclose(layer.inputs, step.x, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.sums, step.z, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.activations, step.a, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(net(x), steps[-1].a, rtol=1e-4, atol=1e-5)


@settings(deadline=None, max_examples=60)
@given(networks())
def test_loss_and_gradient_are_the_engines(drawn: tuple[pl.Network, str, np.ndarray, np.ndarray]) -> None:
    net, loss, x, labels = drawn
    twin = reference.backward(reference.layers_of(net), x.astype(np.float64), labels, loss)
    gradient = net.gradient(x, labels, loss)
    assert gradient.loss == pytest.approx(twin.loss, rel=1e-4, abs=1e-6)
    scale = max(1.0, float(np.abs(twin.parameters).max()))
    np.testing.assert_allclose(gradient.parameters, twin.parameters, rtol=1e-3, atol=1e-5 * scale)
    np.testing.assert_allclose(gradient.inputs, twin.inputs, rtol=1e-3, atol=1e-5 * scale)


@pytest.mark.parametrize("loss", ["mean_squared", "mean_absolute", "huber"])
@settings(deadline=None, max_examples=20)
@given(networks(), st.integers(0, 2**32 - 1))
def test_losses_of_values_are_the_engines(
    loss: str, drawn: tuple[pl.Network, str, np.ndarray, np.ndarray], seed: int
) -> None:
    net, _, x, _ = drawn
    targets = np.random.default_rng(seed).normal(0, 2, (len(x), *net.output_shape)).astype(np.float32)
    twin = reference.backward(reference.layers_of(net), x.astype(np.float64), targets, loss)
    gradient = net.gradient(x, targets, loss)
    assert gradient.loss == pytest.approx(twin.loss, rel=1e-4, abs=1e-6)
    scale = max(1.0, float(np.abs(twin.parameters).max()))
    np.testing.assert_allclose(gradient.parameters, twin.parameters, rtol=1e-3, atol=1e-5 * scale)
    assert twin.right == 0


@settings(deadline=None, max_examples=30)
@given(networks(), st.sampled_from([0.0, 0.5, 0.9]))
def test_training_steps_are_the_engines(drawn: tuple[pl.Network, str, np.ndarray, np.ndarray], momentum: float) -> None:
    net, loss, x, labels = drawn
    layers, rate = reference.layers_of(net), 0.05
    velocity = zeros_like(layers)
    optimizer = pl.Momentum(rate, momentum) if momentum else pl.SGD(rate)
    data = pl.data.Dataset(x, labels, classes=[str(k) for k in range(net.output_shape[0])])
    trainer = pl.Trainer(net, data, loss=loss, optimizer=optimizer, batch_size=len(x))
    losses = [float(trainer.take_steps(1)[0]) for _ in range(3)]
    for result in losses:
        gradient = reference.backward(layers, x.astype(np.float64), labels, loss)
        assert result == pytest.approx(gradient.loss, rel=1e-4, abs=1e-6)
        reference.descend(layers, gradient.layers, velocity, rate, momentum)
    wanted = reference.flatten(layers)
    scale = max(1.0, float(np.abs(wanted).max()))  # the rate may be far too large for the squared loss
    np.testing.assert_allclose(net.parameters, wanted, rtol=1e-3, atol=1e-5 * scale)


@pytest.mark.parametrize(("loss", "last"), ENDS)
@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "softmax", "identity"])
def test_every_derivative_is_a_central_difference(hidden: str, loss: str, last: str) -> None:
    rng = np.random.default_rng(5)
    sizes, names = (5, 4, 4, 3), (hidden, hidden, last)
    layers = [
        Layer(rng.normal(size=(k, d)), rng.normal(size=k), f) for d, k, f in zip(sizes, sizes[1:], names, strict=False)
    ]
    x, labels, h = rng.random((3, 5)), [0, 2, 1], 1e-5
    gradient, parameters = reference.backward(layers, x, labels, loss), reference.flatten(layers)
    for i in range(len(parameters)):
        moved = [np.where(np.arange(len(parameters)) == i, parameters + step, parameters) for step in (h, -h)]
        above, below = (reference.backward(reference.unflatten(layers, p), x, labels, loss).loss for p in moved)
        assert gradient.parameters[i] == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-9)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = h
        above, below = (reference.backward(layers, moved, labels, loss).loss for moved in (x + step, x - step))
        assert gradient.inputs[place] == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-9)


def test_relu_passes_the_gradient_on_where_it_is_active() -> None:
    da = np.array([3.0, 4.0, 5.0])
    a = reference.activate("relu", np.array([-1.0, 0.0, 2.0]))
    assert a.tolist() == [0.0, 0.0, 2.0]
    assert reference.activate_backward("relu", a, da).tolist() == [0.0, 0.0, 5.0]


def test_one_step_worked_by_hand() -> None:
    """A sigmoid neuron, z = 2 x 0.5 - 1 = 0, a = 0.5; squared loss: L = 0.25, dz = 2 (a - 1) a (1 - a) = -0.25."""
    layers = [Layer(np.array([[2.0]]), np.array([-1.0]), "sigmoid")]
    gradient = reference.backward(layers, np.array([[0.5]]), [0], "squared")
    assert gradient.loss == pytest.approx(0.25)
    assert (gradient.parameters.tolist(), gradient.inputs.tolist()) == ([-0.125, -0.25], [[-0.5]])
    assert gradient.right == 1
    velocity = zeros_like(layers)
    reference.descend(layers, gradient.layers, velocity, rate=0.8, momentum=0.5)
    assert reference.flatten(layers).tolist() == pytest.approx([2.1, -0.8])
    reference.descend(layers, gradient.layers, velocity, rate=0.8, momentum=0.5)
    assert reference.flatten(layers).tolist() == pytest.approx([2.25, -0.5])


def test_extreme_sums_keep_the_loss_finite_and_exact() -> None:
    z, t = np.array([[-1000.0, 0.0, 1000.0]]), np.eye(3)[[0]]
    assert reference.loss_terms("cross_entropy", "softmax", z, t).tolist() == [[2000.0, 0.0, 0.0]]
    assert reference.loss_terms("cross_entropy", "sigmoid", z, t).tolist() == [[1000.0, np.log(2), 1000.0]]
    assert reference.activate("sigmoid", z).tolist() == [[0.0, 0.5, 1.0]]
    assert reference.activate("softmax", z).tolist() == [[0.0, 0.0, 1.0]]


def test_the_flat_vector_is_the_networks() -> None:
    net = pl.load("digits-relu")
    layers = reference.layers_of(net)
    np.testing.assert_array_equal(reference.flatten(layers), net.parameters)
    again = reference.unflatten(layers, reference.flatten(layers))
    for layer, same in zip(layers, again, strict=True):
        np.testing.assert_array_equal(layer.weight, same.weight)
        np.testing.assert_array_equal(layer.bias, same.bias)


@pytest.mark.skipif(not PAGE.exists(), reason="needs the documentation of a checkout")
def test_the_documentations_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    outputs, gradients, losses = capsys.readouterr().out.splitlines()
    assert float(outputs) < 1e-6
    assert float(gradients) < 1e-6
    before, after = map(float, losses.split())
    assert after < before


def test_layers_that_are_not_dense_are_refused() -> None:
    with pytest.raises(ShapeError, match="dense layer"):
        reference.layers_of(pl.load("digits-conv"))
