"""Losses and their gradients by the last sums, against the reference network, for extreme outputs too."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernels.test_activations import CODES, activated, kept
from engine.probe import probe
from pellucid.engine.kernels.losses import Outputs, TargetClasses
from pellucid.engine.programs.table import CROSS_ENTROPY, SQUARED, padded
from pellucid.engine.records import Matrix, Vector
from pellucid.engine.simd.lanes import PLAIN
from pellucid.inspect import reference

EXAMPLES = 10 if PLAIN else 80
PAIRS = [("cross_entropy", "softmax"), ("cross_entropy", "sigmoid"), *(("squared", name) for name in CODES)]

Floats = npt.NDArray[np.float32]


def evaluated(loss: str, name: str, z: Floats, targets: list[int], scale: float = 1.0) -> tuple[Floats, Floats]:
    """Each row's loss, and the gradient of ``scale`` times their sum by z."""
    rows, width = z.shape
    stride = padded(width)
    y, top, mass = activated(name, z)
    sums, values, gradients = (np.zeros((rows, stride), np.float32) for _ in range(3))
    sums[:, :width], values[:, :width] = z, y
    losses, tops, masses = (np.zeros(128, np.float32) for _ in range(3))
    tops[:rows], masses[:rows] = top, mass
    code = CROSS_ENTROPY if loss == "cross_entropy" else SQUARED
    outputs = Outputs(CODES[name], Vector(sums, 0), Matrix(values, 0, stride), rows, width, kept(tops, masses))
    probe().loss_backward(
        code, Vector(losses, 0), Vector(gradients, 0), outputs, TargetClasses(np.array([width, *targets]), 1), scale
    )
    return losses[:rows], gradients[:, :width]


def truth(loss: str, name: str, z: Floats, targets: list[int]) -> tuple[reference.Array, reference.Array]:
    """The same from a network of one layer with its inputs as sums."""
    width = z.shape[1]
    layers = [reference.Layer(np.eye(width), np.zeros(width), name)]
    exact = z.astype(np.float64)
    each = reference.loss_terms(loss, name, exact, np.eye(width)[targets]).sum(axis=1)
    return each, reference.backward(layers, exact, targets, loss).inputs * len(z)


@pytest.mark.parametrize(("loss", "name"), PAIRS)
@settings(deadline=None, max_examples=EXAMPLES)
@given(
    rows=st.integers(1, 20),
    width=st.integers(1, 20),
    size=st.sampled_from([0.1, 1.0, 20.0]),
    scale=st.sampled_from([1.0, 0.125]),
    seed=st.integers(0, 99),
)
def test_loss_and_gradient(loss: str, name: str, rows: int, width: int, size: float, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    z = (rng.standard_normal((rows, width)) * size).astype(np.float32)
    targets = rng.integers(0, width, rows).tolist()
    each, gradient = evaluated(loss, name, z, targets, scale)
    expected, expected_gradient = truth(loss, name, z, targets)
    np.testing.assert_allclose(each, expected, rtol=1e-5, atol=1e-6 * max(1.0, float(np.abs(z).max())))
    np.testing.assert_allclose(gradient, expected_gradient * scale, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("loss", "name"), [pair for pair in PAIRS if pair[1] not in ("identity", "relu")])
@pytest.mark.parametrize("extreme", [1e4, -1e4, 88.0, -88.0, 1e30])
def test_extreme_sums_give_the_true_loss(loss: str, name: str, extreme: float) -> None:
    z = np.array([[extreme, 0, 1], [extreme, extreme, -extreme], [0, extreme, 0], [5, -3, extreme]], np.float32)
    for target in range(3):
        each, gradient = evaluated(loss, name, z, [target] * 4)
        expected, expected_gradient = truth(loss, name, z, [target] * 4)
        np.testing.assert_allclose(each, expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-5, atol=1e-6)
        assert np.isfinite(each).all()
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize(("loss", "name"), PAIRS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_nan_among_the_sums_makes_the_loss_nan(loss: str, name: str, place: int) -> None:
    z = np.zeros((3, 3), np.float32)
    z[1, place] = np.nan
    each = evaluated(loss, name, z, [0, 0, 0])[0]
    assert np.isnan(each).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("row", "first"),
    [([1, 3, 2], 1), ([3, 3, 2], 0), ([0, 3, 3], 1), ([-1, -2, -1], 0), ([0, 0, 0], 0), ([-0.0, 0.0, -1], 0)],
)
def test_correct_is_the_first_of_the_largest(row: list[float], first: int) -> None:
    answers = np.full(3, 9)
    probe().is_correct(np.tile(np.array(row, np.float32), 3), 3, 3, np.arange(3), answers)
    assert answers.tolist() == [1 if j == first else 0 for j in range(3)]


def test_rows_with_nan_are_not_correct() -> None:
    answers = np.full(3, 9)
    probe().is_correct(np.tile(np.array([1, np.nan, 0], np.float32), 3), 3, 3, np.arange(3), answers)
    assert answers.tolist() == [0, 0, 0]
