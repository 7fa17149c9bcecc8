"""The dense layer's kernels against their equations, computed by one thread and by several."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.probe import probe
from pellucid.engine.records import Affine, Matrix, Part, Sizes, Team, Vector
from pellucid.engine.simd.lanes import LANES, PLAIN

EXAMPLES = 10 if PLAIN else 80
MARK = 4321.0
ALONE = Part(0, 1)

Floats = npt.NDArray[np.float32]

sizes = st.integers(1, 20) | st.sampled_from([LANES, 2 * LANES, 2 * LANES + 1, 4 * LANES + 3])
thread_counts = st.integers(1, 5)


def draw(seed: int, *shapes: tuple[int, ...]) -> list[Floats]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def wide(array: Floats, more: int = 3) -> Floats:
    """The same rows with a larger stride."""
    memory = np.full((len(array), array.shape[1] + more), MARK, np.float32)
    memory[:, : array.shape[1]] = array
    return memory


@settings(deadline=None, max_examples=EXAMPLES)
@given(n=sizes, d=sizes, k=sizes, threads=thread_counts, seed=st.integers(0))
def test_sums(n: int, d: int, k: int, threads: int, seed: int) -> None:
    x, p = draw(seed, (n, d), (d * k + k,))
    z = np.full((n + 1, k + 3), MARK, np.float32)
    for rank in range(threads):
        probe().sums(
            Matrix(z, 0, k + 3), Matrix(wide(x), 0, d + 3), Affine(p, 0, d * k), Sizes(n, d, k), Part(rank, threads)
        )
    truth = x.astype(np.float64) @ p[: d * k].reshape(d, k) + p[d * k :]
    np.testing.assert_allclose(z[:n, :k], truth, rtol=1e-5, atol=1e-5)
    assert (z[n:] == MARK).all()

    alone = np.zeros((n, k + 3), np.float32)
    probe().sums(Matrix(alone, 0, k + 3), Matrix(wide(x), 0, d + 3), Affine(p, 0, d * k), Sizes(n, d, k), ALONE)
    assert alone[:, :k].tobytes() == z[:n, :k].tobytes()


@settings(deadline=None, max_examples=EXAMPLES)
@given(n=sizes, d=sizes, k=sizes, threads=thread_counts, seed=st.integers(0))
def test_gradients(n: int, d: int, k: int, threads: int, seed: int) -> None:
    x, delta, p, before = draw(seed, (n, d), (n, k), (d * k,), (d * k + k,))
    g, alone = before.copy(), before.copy()
    inputs, by_sums = Matrix(wide(x), 0, d + 3), Matrix(wide(delta), 0, k + 3)
    dx, transposed = np.full((n + 1, d + 3), MARK, np.float32), np.full((k, d + 5), MARK, np.float32)
    for rank in range(threads):
        part = Part(rank, threads)
        probe().bias_gradient(Vector(g, d * k), by_sums, n, k, part)
        probe().weight_gradient(Vector(g, 0), inputs, by_sums, Sizes(n, d, k), part)
        probe().transpose_weights(Matrix(transposed, 0, d + 5), Vector(p, 0), d, k, part)
    for rank in range(threads):
        weights = Matrix(transposed, 0, d + 5)
        probe().input_gradient(Matrix(dx, 0, d + 3), by_sums, weights, Sizes(n, d, k), Part(rank, threads))
    probe().bias_gradient(Vector(alone, d * k), by_sums, n, k, ALONE)
    probe().weight_gradient(Vector(alone, 0), inputs, by_sums, Sizes(n, d, k), ALONE)
    assert alone.tobytes() == g.tobytes()

    exact, deltas = x.astype(np.float64), delta.astype(np.float64)
    np.testing.assert_allclose(g[d * k :], before[d * k :] + deltas.sum(axis=0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(g[: d * k], before[: d * k] + (exact.T @ deltas).ravel(), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(transposed[:, :d], p.reshape(d, k).T)
    np.testing.assert_allclose(dx[:n, :d], deltas @ p.reshape(d, k).T, rtol=1e-5, atol=1e-5)
    assert (dx[n:] == MARK).all()
    assert (transposed[:, d:] == MARK).all()


@settings(deadline=None, max_examples=EXAMPLES)
@given(n=sizes, d=sizes, k=sizes, seed=st.integers(0))
def test_images_as_lanes_give_the_same_bits(n: int, d: int, k: int, seed: int) -> None:
    delta, p = draw(seed, (n, k), (7 + d * k,))
    lanes = -(-n // LANES) * LANES
    dx = np.full(n * (d + 3) + lanes * (d + k) + 1, MARK, np.float32)
    expected, transposed = np.zeros((n, d + 3), np.float32), np.zeros((k, d), np.float32)
    by_sums, weights, sizes = Matrix(wide(delta), 0, k + 3), Vector(p, 7), Sizes(n, d, k)
    probe().transpose_weights(Matrix(transposed, 0, d), weights, d, k, ALONE)
    probe().input_gradient(Matrix(expected, 0, d + 3), by_sums, Matrix(transposed, 0, d), sizes, ALONE)
    team = Team(ALONE, np.zeros(16, np.int64))
    probe().input_gradient_by_images(Matrix(dx, 0, d + 3), by_sums, weights, n * (d + 3), sizes, team)
    found = dx[: n * (d + 3)].reshape(n, d + 3)
    assert found[:, :d].tobytes() == expected[:, :d].tobytes()
    assert (found[:, d:] == MARK).all()
    assert dx[-1] == MARK
