"""The matrix product against NumPy's in float64, on every shape of block and tail, and the order of each sum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.probe import probe
from pellucid.engine.records import Matrix, Strided
from pellucid.engine.simd.lanes import LANES, PLAIN

EXAMPLES = 15 if PLAIN else 120
MARK = 4321.0

Floats = npt.NDArray[np.float32]


def framed(array: Floats, before: int, stride: int) -> Floats:
    """Memory with an array (rows, columns) from element ``before`` on, rows ``stride`` apart, and marks elsewhere."""
    rows, columns = array.shape
    memory = np.full(before + rows * stride + 64, MARK, np.float32)
    memory[before : before + rows * stride].reshape(rows, stride)[:, :columns] = array
    return memory


sizes = st.integers(0, 11) | st.sampled_from([LANES - 1, LANES, LANES + 1, 2 * LANES, 2 * LANES + 3, 5 * LANES + 1])


@settings(deadline=None, max_examples=EXAMPLES)
@given(
    m=sizes,
    n=sizes,
    k=sizes,
    transposed=st.booleans(),
    gaps=st.tuples(*[st.integers(0, 5)] * 4),
    seed=st.integers(0, 99),
)
def test_adds_the_product(m: int, n: int, k: int, transposed: bool, gaps: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, c = (rng.standard_normal(shape).astype(np.float32) for shape in ((m, k), (k, n), (m, n)))
    before, more_a, more_b, more_c = gaps
    in_a = framed(np.ascontiguousarray(a.T) if transposed else a, before, (m if transposed else k) + more_a)
    in_b, in_c = framed(b, before, n + more_b), framed(c, before, n + more_c)
    steps = (1, m + more_a) if transposed else (k + more_a, 1)
    records = Matrix(in_c, before, n + more_c), Strided(in_a, before, *steps), Matrix(in_b, before, n + more_b)
    probe().add_product(*records, m, n, k)

    truth = c + a.astype(np.float64) @ b.astype(np.float64)
    slack = 2e-7 * (np.abs(c) + np.abs(a.astype(np.float64)) @ np.abs(b.astype(np.float64)) + 1e-30) * (k + 1)
    rows = in_c[before : before + m * (n + more_c)].reshape(m, n + more_c)
    assert (np.abs(rows[:, :n] - truth) <= slack).all()
    rows[:, :n] = MARK
    assert (in_c == MARK).all()


@pytest.mark.parametrize("n", [1, LANES, 2 * LANES + 1])
@pytest.mark.parametrize("m", [1, 4, 6])
def test_bits_do_not_depend_on_the_partition(m: int, n: int) -> None:
    rng = np.random.default_rng(3)
    k = 9
    a, b = rng.standard_normal((m, k)).astype(np.float32), rng.standard_normal((k, n)).astype(np.float32)
    whole, pieces = np.zeros((m, n), np.float32), np.zeros((m, n), np.float32)
    probe().add_product(Matrix(whole, 0, n), Strided(a, 0, k, 1), Matrix(b, 0, n), m, n, k)
    for i in range(m):
        for j in range(n):
            row = Strided(a, i * k, k, 1)
            probe().add_product(Matrix(pieces, i * n + j, n), row, Matrix(b, j, n), 1, 1, k)
    assert whole.tobytes() == pieces.tobytes()


@settings(deadline=None, max_examples=EXAMPLES)
@given(m=st.integers(0, 40), n=st.integers(0, 40), more=st.integers(0, 9))
def test_transpose(m: int, n: int, more: int) -> None:
    x = np.arange(m * n, dtype=np.float32).reshape(m, n)
    in_x, in_y = framed(x, 3, n + 1), np.full(5 + n * (m + more) + 8, MARK, np.float32)
    probe().transpose(Matrix(in_y, 5, m + more), Matrix(in_x, 3, n + 1), m, n)
    rows = in_y[5 : 5 + n * (m + more)].reshape(n, m + more)
    np.testing.assert_array_equal(rows[:, :m], x.T)
    rows[:, :m] = MARK
    assert (in_y == MARK).all()
