"""The augmentation kernel against draws and warps made one pixel at a time."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import warping
from pellucid.engine.compiler.library import engine
from pellucid.engine.kernels.augment_sizes import field_shape, pitch_of, scratch_size
from pellucid.engine.programs.table import FLOATS, LEVELS
from pellucid.engine.records import Batch, Distortion, Grid, Key, Picked, Pixels, SparseRows
from pellucid.engine.simd.lanes import PLAIN
from warping import Sizes

EXAMPLES = 15 if PLAIN else 80
MARK = 4321
SPARE = 64

Dense = npt.NDArray[np.float32]


@dataclass
class Made:
    """The sparse rows that the engine wrote, and the images (n, H, W) that they represent."""

    columns: npt.NDArray[np.uint16]
    values: npt.NDArray[np.float32]
    starts: npt.NDArray[np.int64]
    middles: npt.NDArray[np.int64]
    dense: Dense


def make(
    images: npt.NDArray[Any],
    sizes: Sizes | None = None,
    key: tuple[int, int] = (1, 2),
    torus: Dense | None = None,
    chosen: list[int] | None = None,
    levels: tuple[float, float] = (0.0, 1.0),
    entry: int = 0,
) -> Made:
    """Call the engine; ``levels`` are the level of the background, and the distance from it to full ink."""
    count, height, width = images.shape
    picked = np.array(range(count) if chosen is None else chosen, np.int64)
    torus = np.zeros((1, 1), np.float32) if torus is None else torus
    side = len(torus)
    rows, columns = field_shape(side, height, width)
    field = torus[np.arange(rows)[:, None] % side, np.arange(columns) % side]
    settings = np.array([*astuple(sizes or Sizes()), np.abs(torus).max()], np.float32)
    lacking = pitch_of(width) - width
    if lacking:
        images = np.pad(images.astype(np.float32), ((0, 0), (0, 0), (0, lacking)), constant_values=levels[0])
    kind = LEVELS if images.dtype == np.uint8 else FLOATS
    room = entry + len(picked) * height * width + SPARE
    made = Made(
        np.full(room, MARK, np.uint16),
        np.full(room, MARK, np.float32),
        np.full(len(picked) + 2, MARK),
        np.full(len(picked) + 1, MARK),
        np.zeros((len(picked), height * width), np.float32),
    )
    engine().augment(
        SparseRows(made.columns, made.values, made.starts, made.middles),
        entry,
        Pixels(kind, images, images, *levels),
        Picked(picked, len(picked)),
        Grid(height, width, pitch_of(width)),
        Distortion(settings, field, side, Key(*key)),
        np.zeros(scratch_size(height, width), np.float32),
    )
    assert made.starts[-1] == made.middles[-1] == MARK
    for n in range(len(picked)):
        part = slice(made.starts[n], made.starts[n + 1])
        made.dense[n, made.columns[part]] = made.values[part]
    made.dense = made.dense.reshape(-1, height, width)
    return made


def sketch(rng: np.random.Generator, count: int, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Images with ink in a random box, and some without any."""
    images = np.zeros((count, height, width), np.uint8)
    for image in images:
        top, left = rng.integers(height), rng.integers(width)
        box = image[top : top + rng.integers(height + 1), left : left + rng.integers(width + 1)]
        box[...] = rng.integers(0, 256, box.shape) * (rng.random(box.shape) < 0.7)
    return images


shapes = st.tuples(st.integers(1, 20), st.integers(1, 20)) | st.sampled_from([(28, 28), (9, 33), (5, 8), (17, 16)])
some_sizes = st.builds(
    Sizes,
    shift=st.sampled_from([0.0, 1.0, 7.5]),
    rotation=st.sampled_from([0.0, 0.3, np.pi / 2, np.pi]),
    scale=st.sampled_from([0.0, 0.1, 0.7]),
    shear=st.sampled_from([0.0, 0.2, 1.5]),
    elastic=st.sampled_from([0.0, 0.0, 0.5, 3.0]),
)
words = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([2**32 - 1] * 4, [2**32 - 1] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_the_naive_random_numbers_are_the_published_ones(counter: list[int], key: list[int], words: list[int]) -> None:
    assert warping.philox(counter, key) == words


@hypothesis_settings(deadline=None, max_examples=EXAMPLES)
@given(
    shape=shapes,
    sizes=some_sizes,
    key=st.tuples(words, words),
    side=st.sampled_from([1, 5, 32]),
    levels=st.sampled_from([(0.0, 1.0), (0.0, 255.0), (-2.0, 9.0)]),
    floats=st.booleans(),
    seed=st.integers(0, 99),
)
def test_every_pixel_is_where_the_naive_warp_finds_it(
    shape: tuple[int, int],
    sizes: Sizes,
    key: tuple[int, int],
    side: int,
    levels: tuple[float, float],
    floats: bool,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    images = sketch(rng, 3, *shape)
    torus = rng.standard_normal((side, side)).astype(np.float32)
    low, span = levels
    given_images = images / np.float32(3) if floats else images
    made = make(given_images, sizes, key, torus, levels=levels)
    for n, image in enumerate(given_images.astype(np.float64)):
        drawn = warping.draw(n, key, sizes, side)
        truth = warping.warp((image - low) / span, drawn, torus.astype(np.float64) if sizes.elastic else None)
        np.testing.assert_allclose(made.dense[n], truth, rtol=0, atol=6e-5 * 255 / span)


@hypothesis_settings(deadline=None, max_examples=EXAMPLES)
@given(
    shape=shapes,
    levels=st.sampled_from([(0.0, 255.0), (0.0, 1.0), (-3.0, 7.0)]),
    kind=st.sampled_from([np.uint8, np.float32]),
    seed=st.integers(0, 99),
)
def test_without_augmentation_images_stay_unchanged_bit_for_bit(
    shape: tuple[int, int], levels: tuple[float, float], kind: type, seed: int
) -> None:
    images = sketch(np.random.default_rng(seed), 3, *shape)
    dense = images.astype(np.float32) / np.float32(7) if kind is np.float32 else images
    dense = dense + np.float32(levels[0]) if kind is np.float32 else dense
    made = make(dense, key=(seed, 5), levels=levels)
    size = shape[0] * shape[1]
    starts = np.zeros(4, np.int64)
    columns, values = np.zeros(3 * size + SPARE, np.uint16), np.zeros(3 * size + SPARE, np.float32)
    code = LEVELS if kind is np.uint8 else FLOATS
    batch = Batch(Pixels(code, dense, dense, *levels), 3, size)
    engine().collect(SparseRows(columns, values, starts, np.zeros(3, np.int64)), batch)
    np.testing.assert_array_equal(made.starts[:4], starts)
    np.testing.assert_array_equal(made.columns[: starts[3]], columns[: starts[3]])
    np.testing.assert_array_equal(made.values[: starts[3]].view(np.int32), values[: starts[3]].view(np.int32))


@hypothesis_settings(deadline=None, max_examples=EXAMPLES)
@given(shape=shapes, sizes=some_sizes, chosen=st.lists(st.integers(0, 4), max_size=6), entry=st.integers(0, 40))
def test_entries_are_sorted_and_depend_on_the_image_alone(
    shape: tuple[int, int], sizes: Sizes, chosen: list[int], entry: int
) -> None:
    rng = np.random.default_rng(3)
    images, torus = sketch(rng, 5, *shape), rng.standard_normal((16, 16)).astype(np.float32)
    whole = make(images, sizes, torus=torus, levels=(0.0, 255.0))
    made = make(images, sizes, torus=torus, chosen=chosen, levels=(0.0, 255.0), entry=entry)
    np.testing.assert_array_equal(made.dense, whole.dense[chosen])
    assert made.starts[0] == entry
    assert (made.columns[:entry] == MARK).all()
    half = shape[0] * shape[1] // 2
    for n in range(len(chosen)):
        columns = made.columns[made.starts[n] : made.starts[n + 1]].astype(int)
        assert (np.diff(columns) > 0).all()
        assert (columns < shape[0] * shape[1]).all()
        assert (made.values[made.starts[n] : made.starts[n + 1]] != 0).all()
        assert made.middles[n] - made.starts[n] == (columns < half).sum()


def test_a_quarter_turn_by_hand() -> None:
    image = np.array([[[1, 2, 3], [0, 0, 0], [0, 0, 0]]], np.float32)
    rotation = warping.draw(0, (0, 0), Sizes(rotation=1.0)).rotation
    made = make(image, Sizes(rotation=np.pi / 2 / rotation), key=(0, 0))
    np.testing.assert_allclose(made.dense[0], [[0, 0, 1], [0, 0, 2], [0, 0, 3]], rtol=0, atol=1e-5)


def test_a_shift_by_hand() -> None:
    """The first published words, as numbers from -1 to 1, shift by -0.2018 and 0.7610 of the largest shift."""
    image = np.zeros((1, 5, 5), np.float32)
    image[0, 2, 2] = 1
    made = make(image, Sizes(shift=1 / 0.7610404), key=(0, 0))
    truth = np.zeros((5, 5))
    truth[3, 1:3] = 0.2653040, 1 - 0.2653040
    np.testing.assert_allclose(made.dense[0], truth, rtol=0, atol=1e-5)


@pytest.mark.parametrize("sizes", [Sizes(shift=65536.0), Sizes(scale=0.99, shear=10.0, elastic=1000.0, shift=1000.0)])
def test_extremes_stay_finite_and_in_range(sizes: Sizes) -> None:
    rng = np.random.default_rng(0)
    images = np.full((200, 28, 28), 255, np.uint8)
    torus = rng.standard_normal((32, 32)).astype(np.float32)
    made = make(images, sizes, torus=torus, levels=(0.0, 255.0))
    assert np.isfinite(made.dense).all()
    assert 0 <= made.dense.min() <= made.dense.max() <= 1
