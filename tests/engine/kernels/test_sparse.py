"""Ink against dense: the same sums and the same gradients, with the black pixels left out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.probe import probe
from pellucid.engine.compiler.library import engine
from pellucid.engine.kernels.sparse import Entries, Halves
from pellucid.engine.kernels.sparse_scan import Fours, Line
from pellucid.engine.programs.table import FLOATS, INK_STEP, LEVELS
from pellucid.engine.records import Batch, DenseRow, Levels, Matrix, PackedRows, Pixels, Rows, Vector
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
    """The naive way to an image's ink, one spare place at the end."""
    columns = [i for i, v in enumerate(x) if v != 0]
    return np.array([*columns, 0], np.uint16), np.array([*(x[i] for i in columns), MARK], np.float32)


def fours_of(x: npt.NDArray[np.generic], paper: float = 0) -> npt.NDArray[np.uint16]:
    """Which of the whole fours hold anything but paper."""
    return np.array([i for i in range(len(x) // 4) if (x[4 * i : 4 * i + 4] != paper).any()], np.uint16)


@settings(deadline=None, max_examples=EXAMPLES)
@given(d=inputs, k=outputs, density=st.sampled_from([0.0, 0.2, 1.0]), seed=st.integers(0, 99))
def test_sums_over_ink_and_over_lines_are_the_dense_sums(d: int, k: int, density: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = image(rng, d, density), rng.standard_normal((d, k)).astype(np.float32)
    bias = rng.standard_normal(k).astype(np.float32)
    columns, values = entries(x)
    z = np.full((2, k + 3), MARK, np.float32)
    last = len(columns) - 1
    middle = int((columns[:last] < d // 2).sum())
    weights, start = Matrix(w, 0, k), Vector(bias, 0)
    probe().ink_sums(Vector(z, 1), weights, Halves(columns, values, 0, 0, middle, last), start, k)
    truth, fours = fours_of(x), np.full(2 + d + 10, MARK, np.float32)
    fours[1:].view(np.uint16)[: len(truth)] = truth
    probe().line_sums(Vector(z, k + 4), weights, Fours(fours, 1, len(truth)), Line(x, 0, d), start, k)
    assert fours[0] == MARK
    assert fours[-1] == MARK
    dense = bias + x.astype(np.float64) @ w
    np.testing.assert_allclose(z[:, 1:-2], [dense, dense], rtol=0, atol=2e-5)
    assert (z[:, [0, -2, -1]] == MARK).all()

    parts = np.full((2, k + 1), MARK, np.float32)
    probe().part_sums(Vector(parts, 0), weights, Entries(columns, values, 0, 0, middle), start, 1, k)
    probe().part_sums(Vector(parts, k + 1), weights, Entries(columns, values, 0, middle, last), start, 0, k)
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
def test_ink_is_found_where_it_is(d: int, density: float, kind: int, levels: tuple[float, float], seed: int) -> None:
    low, span = levels
    rng = np.random.default_rng(seed)
    small = np.where(rng.random(d + 1) < density, rng.integers(0, 256, d + 1), int(low)).astype(np.uint8)
    small[-1] = 77
    floats = small + np.float32(0)
    if kind == FLOATS:
        floats[:-1][(floats[:-1] != low) & (floats[:-1] > 200)] = np.nan  # which is not paper
    truth = fours_of((small if kind == LEVELS else floats)[:-1], low)
    found, fours = np.zeros(1, np.int64), np.full(d // 4 + 10, MARK, np.float32)
    row = DenseRow(kind, small, floats, 0, d, low, span)
    probe().find_fours(found, Vector(fours, 1), row)
    listed = fours[1:].view(np.uint16)
    np.testing.assert_array_equal(listed[: found[0]], truth)
    assert fours[0] == MARK
    assert fours[-1] == MARK

    line = np.full(d + 1, MARK, np.float32)
    probe().unit_fours(Vector(line, 0), Fours(fours, 1, len(truth)), row)
    expected = np.full(d + 1, MARK, np.float32)
    for i in [*(4 * int(four) + place for four in truth for place in range(4)), *range(d // 4 * 4, d)]:
        expected[i] = ((small if kind == LEVELS else floats)[i] - np.float32(low)) / np.float32(span)
    np.testing.assert_array_equal(line, expected)


@pytest.mark.parametrize("low", [0.0, 3.0, 127.0])
@pytest.mark.parametrize("span", [1.0, 3.0, 7.0, 9.0, 100.0, 254.0, 255.0, 0.1, 1e-30, 3e38])
def test_bytes_become_what_division_makes_of_them(low: float, span: float) -> None:
    small = np.arange(256, dtype=np.uint8)
    line = np.zeros(256, np.float32)
    probe().unit_line(Vector(line, 0), DenseRow(LEVELS, small, line, 0, 256, low, span))
    np.testing.assert_array_equal(line, (small - np.float32(low)) / np.float32(span))


@settings(deadline=None, max_examples=EXAMPLES)
@given(d=inputs, k=outputs, seed=st.integers(0, 99))
def test_spread_adds_the_outer_product(d: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, s = image(rng, d, 0.3), rng.standard_normal(k).astype(np.float32)
    columns, values = entries(x)
    w = np.full((d, k + 2), MARK, np.float32)
    w[:, 1:-1] = before = rng.standard_normal((d, k)).astype(np.float32)
    probe().spread(Matrix(w, 1, k + 2), Entries(columns, values, 0, 0, len(columns) - 1), Vector(s, 0), k)
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
    starts, middles = np.full(len(counts) + 2, -7), np.full(len(counts) + 1, -7)
    columns, values = np.full(total + 2, 60000, np.uint16), np.full(total + 2, MARK, np.float32)
    batch = Batch(Pixels(kind, small, dense, low, span), len(counts), width)
    engine().collect(Rows(columns, values, starts, middles), batch)
    assert starts[-1] == middles[-1] == -7
    assert starts[:-1].tolist() == [0, *np.cumsum([len(c) - 1 for c, _ in truth])]
    uppers = [int((c[:-1] < width // 2).sum()) for c, _ in truth]
    np.testing.assert_array_equal(middles[:-1], starts[:-2] + np.array(uppers, np.int64))
    np.testing.assert_array_equal(columns[:total], np.concatenate([np.zeros(0), *(c[:-1] for c, _ in truth)]))
    np.testing.assert_array_equal(values[:total], np.concatenate([np.zeros(0), *(v[:-1] for _, v in truth)]))
    assert (columns[-1], values[-1]) == (60000, MARK)


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.0, 1e-45])
def test_collect_keeps_all_that_is_not_zero(value: float) -> None:
    x = np.zeros((1, 3 * LANES + 1), np.float32)
    x[0, [5, 3 * LANES]] = value
    starts, columns, values = np.zeros(2, np.int64), np.zeros(3, np.uint16), np.zeros(3, np.float32)
    engine().collect(Rows(columns, values, starts, np.zeros(1, np.int64)), batch_of(x, None))
    if value == 0:
        assert starts[1] == 0
    else:
        assert columns[: starts[1]].tolist() == [5, 3 * LANES]
        np.testing.assert_array_equal(values[:2], np.float32(value))


def test_collect_reaches_the_last_column_a_number_of_16_bits_has() -> None:
    x = np.zeros((1, 65536), np.float32)
    x[0, [0, 65535]] = 1
    starts, columns, values = np.zeros(2, np.int64), np.zeros(3, np.uint16), np.zeros(3, np.float32)
    engine().collect(Rows(columns, values, starts, np.zeros(1, np.int64)), batch_of(x, None))
    assert columns[: starts[1]].tolist() == [0, 65535]


@settings(deadline=None, max_examples=EXAMPLES)
@given(
    counts=st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), min_size=0, max_size=5),
    width=inputs,
    paper=st.sampled_from([0, 3, 255]),
    seed=st.integers(0, 99),
)
def test_packed_halves_are_whole_steps_and_unpack_to_the_image(
    counts: list[float], width: int, paper: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    inked = rng.random((len(counts), width)) < np.array(counts)[:, None]
    small = np.where(inked, rng.integers(0, 256, inked.shape), paper).astype(np.uint8)
    room = 5 + small.size + 2 * INK_STEP * len(counts)
    columns, levels = np.full(room + LANES, 60000, np.uint16), np.full(room + LANES, 77, np.uint8)
    starts, middles = np.full(len(counts) + 2, -7), np.full(len(counts) + 1, -7)
    packed = PackedRows(columns, levels, starts, middles)
    engine().pack(packed, 5, Levels(small, len(counts), width, paper))
    assert (starts[0], starts[-1], middles[-1]) == (5, -7, -7)
    assert (columns[:5] == 60000).all()
    bounds = np.stack([starts[:-2], middles[:-1], starts[1:-1]], 1)
    assert (np.diff(bounds) % INK_STEP == 0).all()
    for row, (begin, middle, end) in zip(small, bounds, strict=True):
        values = np.full(width + 3 * INK_STEP + LANES, MARK, np.float32)
        probe().unpack(Vector(values, 1 - begin), levels, begin, end, float(paper), 255.0)
        assert values[0] == MARK
        assert (values[1 - (begin - end) // LANES * LANES :] == MARK).all()
        image = np.zeros(width, np.float32)
        np.add.at(image, columns[begin:end], values[1 : 1 + end - begin])
        np.testing.assert_array_equal(image, (row - np.float32(paper)) / np.float32(255))
        assert (columns[begin:middle] < width // 2).all()
        assert (columns[middle:end] >= width // 2).all()
        for half in (slice(begin, middle), slice(middle, end)):
            ink = levels[half] != paper
            assert (~ink).sum() < INK_STEP
            assert (columns[half][~ink] == columns[half][ink][-1:]).all()
