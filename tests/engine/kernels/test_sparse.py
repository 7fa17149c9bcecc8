"""Sparse and dense inputs give the same sums and the same gradients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.probe import probe
from pellucid.engine.compiler.library import engine
from pellucid.engine.kernels.sparse import Entries, Halves
from pellucid.engine.kernels.sparse_scan import Quads, Values
from pellucid.engine.programs.table import FLOATS, LEVELS, SPARSE_STEP
from pellucid.engine.records import Batch, ByteImages, DenseRow, Matrix, Pixels, SparseByteRows, SparseRows, Vector
from pellucid.engine.simd.lanes import LANES, PLAIN
from pellucid.engine.simd.panels import BROAD, NARROW
from pellucid.programs.images import batch_of

EXAMPLES = 15 if PLAIN else 120
MARK = 4321.0

Floats = npt.NDArray[np.float32]
outputs = st.integers(1, 12) | st.sampled_from([NARROW - 1, NARROW, NARROW + 1, BROAD, BROAD + NARROW + 3, 2 * BROAD])
inputs = st.integers(1, 50) | st.sampled_from([LANES, 4 * LANES])


def image(rng: np.random.Generator, size: int, density: float) -> Floats:
    return (rng.uniform(0.1, 1, size) * (rng.random(size) < density)).astype(np.float32)


def entries(x: Floats) -> tuple[npt.NDArray[np.uint16], Floats]:
    """The entries of an image, found by NumPy, with one spare place at the end."""
    indices = [i for i, v in enumerate(x) if v != 0]
    return np.array([*indices, 0], np.uint16), np.array([*(x[i] for i in indices), MARK], np.float32)


def quads_of(x: npt.NDArray[np.generic], background: float = 0) -> npt.NDArray[np.uint16]:
    """The whole quads that are not all background."""
    return np.array([i for i in range(len(x) // 4) if (x[4 * i : 4 * i + 4] != background).any()], np.uint16)


@settings(deadline=None, max_examples=EXAMPLES)
@given(d=inputs, k=outputs, density=st.sampled_from([0.0, 0.2, 1.0]), seed=st.integers(0, 99))
def test_sums_over_sparse_and_scanned_inputs_are_the_dense_sums(d: int, k: int, density: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = image(rng, d, density), rng.standard_normal((d, k)).astype(np.float32)
    bias = rng.standard_normal(k).astype(np.float32)
    indices, data = entries(x)
    z = np.full((2, k + 3), MARK, np.float32)
    last = len(indices) - 1
    middle = int((indices[:last] < d // 2).sum())
    weights, start = Matrix(w, 0, k), Vector(bias, 0)
    probe().sparse_sums(Vector(z, 1), weights, Halves(indices, data, 0, 0, middle, last), start, k)
    truth, quads = quads_of(x), np.full(2 + d + 10, MARK, np.float32)
    quads[1:].view(np.uint16)[: len(truth)] = truth
    probe().scan_sums(Vector(z, k + 4), weights, Quads(quads, 1, len(truth)), Values(x, 0, d), start, k)
    assert quads[0] == MARK
    assert quads[-1] == MARK
    dense = bias + x.astype(np.float64) @ w
    np.testing.assert_allclose(z[:, 1:-2], [dense, dense], rtol=0, atol=2e-5)
    assert (z[:, [0, -2, -1]] == MARK).all()

    parts = np.full((2, k + 1), MARK, np.float32)
    probe().half_sums(Vector(parts, 0), weights, Entries(indices, data, 0, 0, middle), start, 1, k)
    probe().half_sums(Vector(parts, k + 1), weights, Entries(indices, data, 0, middle, last), start, 0, k)
    np.testing.assert_array_equal(parts[0, :k] + parts[1, :k], z[0, 1:-2])
    assert (parts[:, k] == MARK).all()


@settings(deadline=None, max_examples=EXAMPLES)
@given(
    d=inputs | st.integers(60, 140),
    density=st.sampled_from([0.0, 0.03, 0.1, 1.0]),
    kind=st.sampled_from([FLOATS, LEVELS]),
    levels=st.sampled_from([(0.0, 1.0), (0.0, 255.0), (3.0, 7.0), (255.0, 9.0)]),
    seed=st.integers(0, 99),
)
def test_scanning_finds_the_nonzero_quads(
    d: int, density: float, kind: int, levels: tuple[float, float], seed: int
) -> None:
    low, span = levels
    rng = np.random.default_rng(seed)
    small = np.where(rng.random(d + 1) < density, rng.integers(0, 256, d + 1), int(low)).astype(np.uint8)
    small[-1] = 77
    floats = small + np.float32(0)
    if kind == FLOATS:
        floats[:-1][(floats[:-1] != low) & (floats[:-1] > 200)] = np.nan  # NaN is not background
    truth = quads_of((small if kind == LEVELS else floats)[:-1], low)
    found, quads = np.zeros(1, np.int64), np.full(d // 4 + 10, MARK, np.float32)
    row = DenseRow(kind, small, floats, 0, d, low, span)
    probe().find_quads(found, Vector(quads, 1), row)
    listed = quads[1:].view(np.uint16)
    np.testing.assert_array_equal(listed[: found[0]], truth)
    assert quads[0] == MARK
    assert quads[-1] == MARK

    line = np.full(d + 1, MARK, np.float32)
    probe().normalize_quads(Vector(line, 0), Quads(quads, 1, len(truth)), row)
    expected = np.full(d + 1, MARK, np.float32)
    for i in [*(4 * int(quad) + place for quad in truth for place in range(4)), *range(d // 4 * 4, d)]:
        expected[i] = ((small if kind == LEVELS else floats)[i] - np.float32(low)) / np.float32(span)
    np.testing.assert_array_equal(line, expected)


@pytest.mark.parametrize("low", [0.0, 3.0, 127.0])
@pytest.mark.parametrize("span", [1.0, 3.0, 7.0, 9.0, 100.0, 254.0, 255.0, 0.1, 1e-30, 3e38])
def test_normalized_bytes_equal_the_division(low: float, span: float) -> None:
    small = np.arange(256, dtype=np.uint8)
    line = np.zeros(256, np.float32)
    probe().normalize_row(Vector(line, 0), DenseRow(LEVELS, small, line, 0, 256, low, span))
    np.testing.assert_array_equal(line, (small - np.float32(low)) / np.float32(span))


@settings(deadline=None, max_examples=EXAMPLES)
@given(d=inputs, k=outputs, seed=st.integers(0, 99))
def test_scatter_add_adds_the_outer_product(d: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, s = image(rng, d, 0.3), rng.standard_normal(k).astype(np.float32)
    indices, data = entries(x)
    w = np.full((d, k + 2), MARK, np.float32)
    w[:, 1:-1] = before = rng.standard_normal((d, k)).astype(np.float32)
    probe().scatter_add(Matrix(w, 1, k + 2), Entries(indices, data, 0, 0, len(indices) - 1), Vector(s, 0), k)
    np.testing.assert_allclose(w[:, 1:-1], before + np.outer(x.astype(np.float64), s), rtol=0, atol=1e-6)
    assert (w[:, [0, -1]] == MARK).all()
    np.testing.assert_array_equal(w[x == 0, 1:-1], before[x == 0])


@settings(deadline=None, max_examples=EXAMPLES)
@given(
    counts=st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), min_size=0, max_size=5),
    width=inputs,
    kind=st.sampled_from([FLOATS, LEVELS]),
    levels=st.sampled_from([(0.0, 1.0), (0.0, 255.0), (0.0, 9.0), (3.0, 7.0), (-1.0, 2.0)]),
    seed=st.integers(0, 99),
)
def test_collect(counts: list[float], width: int, kind: int, levels: tuple[float, float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    low, span = levels
    dense = np.array([image(rng, width, density) for density in counts], np.float32).reshape(len(counts), width)
    dense = np.where(dense == 0, np.float32(low), dense * np.float32(200))
    small = np.clip(dense, 0, 255).astype(np.uint8)
    dense = small.astype(np.float32) if kind == LEVELS else dense
    truth = [entries((row - np.float32(low)) / np.float32(span)) for row in dense]
    total = int((dense != low).sum())
    indptr, middles = np.full(len(counts) + 2, -7), np.full(len(counts) + 1, -7)
    indices, data = np.full(total + 2, 60000, np.uint16), np.full(total + 2, MARK, np.float32)
    batch = Batch(Pixels(kind, small, dense, low, span), len(counts), width)
    engine().collect(SparseRows(indices, data, indptr, middles), batch)
    assert indptr[-1] == middles[-1] == -7
    assert indptr[:-1].tolist() == [0, *np.cumsum([len(c) - 1 for c, _ in truth])]
    uppers = [int((c[:-1] < width // 2).sum()) for c, _ in truth]
    np.testing.assert_array_equal(middles[:-1], indptr[:-2] + np.array(uppers, np.int64))
    np.testing.assert_array_equal(indices[:total], np.concatenate([np.zeros(0), *(c[:-1] for c, _ in truth)]))
    np.testing.assert_array_equal(data[:total], np.concatenate([np.zeros(0), *(v[:-1] for _, v in truth)]))
    assert (indices[-1], data[-1]) == (60000, MARK)


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.0, 1e-45])
def test_collect_keeps_every_non_zero_value(value: float) -> None:
    x = np.zeros((1, 3 * LANES + 1), np.float32)
    x[0, [5, 3 * LANES]] = value
    indptr, indices, data = np.zeros(2, np.int64), np.zeros(3, np.uint16), np.zeros(3, np.float32)
    engine().collect(SparseRows(indices, data, indptr, np.zeros(1, np.int64)), batch_of(x, None))
    if value == 0:
        assert indptr[1] == 0
    else:
        assert indices[: indptr[1]].tolist() == [5, 3 * LANES]
        np.testing.assert_array_equal(data[:2], np.float32(value))


def test_collect_reaches_the_last_column_of_16_bits() -> None:
    x = np.zeros((1, 65536), np.float32)
    x[0, [0, 65535]] = 1
    indptr, indices, data = np.zeros(2, np.int64), np.zeros(3, np.uint16), np.zeros(3, np.float32)
    engine().collect(SparseRows(indices, data, indptr, np.zeros(1, np.int64)), batch_of(x, None))
    assert indices[: indptr[1]].tolist() == [0, 65535]


@settings(deadline=None, max_examples=EXAMPLES)
@given(
    counts=st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), min_size=0, max_size=5),
    width=inputs,
    background=st.sampled_from([0, 3, 255]),
    seed=st.integers(0, 99),
)
def test_halves_of_bytes_are_whole_steps_and_normalize_to_the_image(
    counts: list[float], width: int, background: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    marked = rng.random((len(counts), width)) < np.array(counts)[:, None]
    small = np.where(marked, rng.integers(0, 256, marked.shape), background).astype(np.uint8)
    room = 5 + small.size + 2 * SPARSE_STEP * len(counts)
    indices, levels = np.full(room + LANES, 60000, np.uint16), np.full(room + LANES, 77, np.uint8)
    indptr, middles = np.full(len(counts) + 2, -7), np.full(len(counts) + 1, -7)
    rows = SparseByteRows(indices, levels, indptr, middles)
    engine().collect_bytes(rows, 5, ByteImages(small, len(counts), width, background))
    assert (indptr[0], indptr[-1], middles[-1]) == (5, -7, -7)
    assert (indices[:5] == 60000).all()
    bounds = np.stack([indptr[:-2], middles[:-1], indptr[1:-1]], 1)
    assert (np.diff(bounds) % SPARSE_STEP == 0).all()
    for row, (begin, middle, end) in zip(small, bounds, strict=True):
        data = np.full(width + 3 * SPARSE_STEP + LANES, MARK, np.float32)
        probe().normalize_entries(Vector(data, 1 - begin), levels, begin, end, float(background), 255.0)
        assert data[0] == MARK
        assert (data[1 - (begin - end) // LANES * LANES :] == MARK).all()
        image = np.zeros(width, np.float32)
        np.add.at(image, indices[begin:end], data[1 : 1 + end - begin])
        np.testing.assert_array_equal(image, (row - np.float32(background)) / np.float32(255))
        assert (indices[begin:middle] < width // 2).all()
        assert (indices[middle:end] >= width // 2).all()
        for half in (slice(begin, middle), slice(middle, end)):
            kept = levels[half] != background
            assert (~kept).sum() < SPARSE_STEP
            assert (indices[half][~kept] == indices[half][kept][-1:]).all()
