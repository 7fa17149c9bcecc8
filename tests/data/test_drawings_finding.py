from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cpu_clock import times_as_long
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from pellucid.data.drawings import Digit, center, find_digits, read_picture
from pellucid.errors import DataError

PICTURES = Path(__file__).parents[2] / "examples" / "pictures"
Ink = NDArray[np.float32]


def upright(height: int = 60) -> Ink:
    """A 1: a bar a tenth as thick as it is tall."""
    return np.ones((height, max(2, height // 10)), np.float32)


def ring(height: int = 60) -> Ink:
    """A 0: an ellipse, bolder at the lower left."""
    width = round(0.6 * height)
    y, x = (np.indices((height, width)) + 0.5) * 2 / np.array([height, width])[:, None, None] - 1
    return np.asarray((np.hypot(x, y) <= 1.02) & (np.hypot(x - 0.06, y + 0.06) >= 0.7), np.float32)


def row(parts: list[Ink], gap: int = 25, margin: int = 30) -> Ink:
    """Put parts side by side on an empty field, standing on one line."""
    height = max(part.shape[0] for part in parts)
    columns = [np.pad(part, ((height - part.shape[0], 0), (0, gap))) for part in parts]
    return np.pad(np.concatenate(columns, axis=1)[:, :-gap], margin)


def boxes(digits: list[Digit]) -> list[tuple[int, int, int, int]]:
    return [digit.box for digit in digits]


@pytest.mark.parametrize(
    ("name", "count"), [("381.png", 3), ("5.png", 1), ("20746-photo.jpg", 5), ("956-chalk.jpg", 3)]
)
def test_the_example_pictures(name: str, count: int) -> None:
    digits = find_digits(read_picture(PICTURES / name))
    assert len(digits) == count
    assert [d.box[0] for d in digits] == sorted(d.box[0] for d in digits)


def test_light_strokes_on_nothing() -> None:
    assert len(find_digits(read_picture(PICTURES / "47-transparent.png"))) == 2


def test_every_step_is_kept_in_order() -> None:
    ink = row([ring(), upright()])
    digit = find_digits(1 - ink)[0]
    assert list(digit.steps) == ["grey", "evened", "mask", "cut out", "scaled", "centred"]
    grey, evened, mask, cut, scaled, centred = digit.steps.values()
    assert grey.shape == evened.shape == mask.shape
    assert grey.min() == 0
    assert evened == pytest.approx(1 - grey, abs=0.05)
    assert set(np.unique(mask)) == {0, 1}
    assert cut.shape == (60, 36)
    assert scaled.shape == (20, 20)
    assert centred is digit.pixels
    assert all(0 <= step.min() <= step.max() <= 1 for step in digit.steps.values())
    assert digit.pixels == pytest.approx(center(ring()), abs=0.02)
    with pytest.raises(TypeError):
        digit.steps["grey"] = grey  # type: ignore[index]


def test_boxes_are_in_the_pixels_of_the_picture() -> None:
    ink = np.zeros((90, 200), np.float32)
    ink[20:80, 30:36] = 1
    ink[15:75, 120:156] = ring()
    assert boxes(find_digits(1 - ink)) == [(30, 20, 36, 80), (120, 15, 156, 75)]
    large = ink.repeat(20, axis=0).repeat(20, axis=1)
    for found, small in zip(find_digits(1 - large), boxes(find_digits(1 - ink)), strict=True):
        assert found.box == pytest.approx(np.multiply(small, 20), abs=8)


@pytest.mark.parametrize("ink_level", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("paper_level", [0.0, 0.5, 0.75, 1.0])
def test_either_may_be_darker(ink_level: float, paper_level: float) -> None:
    ink = row([ring(), upright(), ring(), ring()])
    found = find_digits(paper_level + (ink_level - paper_level) * ink)
    assert len(found) == 4
    assert found[0].pixels == pytest.approx(center(ring()), abs=0.05)


def test_the_caller_may_say_which_is_ink() -> None:
    ink = row([ring(), upright()])
    assert len(find_digits(1 - ink, dark_ink=True)) == 2
    inside = find_digits(np.pad(ring(), 2), dark_ink=True)
    assert [box[2] - box[0] < 30 for box in boxes(inside)] == [True] * len(inside)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_digits_of_any_size_and_spacing_are_counted(data: st.DataObject) -> None:
    height = data.draw(st.integers(16, 64))
    shapes = data.draw(st.lists(st.sampled_from([upright, ring]), min_size=1, max_size=7))
    gap = data.draw(st.integers(max(3, height // 5), height))
    margin = data.draw(st.integers(height // 4, height))
    ink = row([shape(height) for shape in shapes], gap, margin)
    if data.draw(st.booleans()):
        ink = 1 - ink
    found = boxes(find_digits(ink))
    assert len(found) == len(shapes)
    assert found == sorted(found)


def test_a_fifth_of_a_twentieth_and_all_of_the_height() -> None:
    for height, side in ((600, 600), (30, 600), (20, 100)):
        sheet = np.ones((side, side), np.float32)
        top = (side - height) // 2
        shape = ring(height)
        sheet[top : top + height, 10 : 10 + shape.shape[1]] -= shape
        assert len(find_digits(sheet)) == 1


def test_a_page_is_read_row_by_row() -> None:
    page = np.concatenate([row([ring(), upright(), ring()]), row([upright(), ring(), ring()])])
    wide = [box[2] - box[0] > 20 for box in boxes(find_digits(1 - page))]
    assert wide == [True, False, True, False, True, True]


def test_a_row_that_climbs_stays_one_row() -> None:
    ink = np.zeros((200, 400), np.float32)
    for index in range(5):
        ink[120 - 20 * index : 180 - 20 * index, 20 + 70 * index : 56 + 70 * index] = ring()
    found = boxes(find_digits(1 - ink))
    assert len(found) == 5
    assert found == sorted(found)


def five(lift: int) -> Ink:
    """A 5 whose bar hangs free by `lift` pixels to the right of its body."""
    ink = np.zeros((80, 60), np.float32)
    ink[10:40, 8:14] = ink[34:40, 8:44] = ink[34:72, 40:46] = ink[68:74, 8:46] = 1
    ink[4:10, 14 + lift : 50] = 1
    return ink


def four(gap: int) -> Ink:
    """A 4 in two strokes that do not touch."""
    ink = np.zeros((80, 60), np.float32)
    ink[6:46, 6:12] = ink[40:46, 6 : 40 - gap] = 1
    ink[6:76, 40:46] = 1
    return ink


@pytest.mark.parametrize("digit", [five(3), five(6), four(2), four(3)])
def test_the_strokes_of_one_digit_stay_together(digit: Ink) -> None:
    assert len(find_digits(1 - row([ring(70), digit, upright(70)]))) == 3


@pytest.mark.parametrize("cut", [2, 4])
def test_a_broken_stroke_is_mended(cut: int) -> None:
    broken = ring()
    broken[28 : 28 + cut] = 0
    assert len(find_digits(1 - row([upright(), broken, upright()]))) == 3


@pytest.mark.parametrize("gap", [6, 9, 14])
def test_near_neighbours_stay_apart(gap: int) -> None:
    assert len(find_digits(1 - row([upright(), upright(), ring(), ring(), upright()], gap))) == 5


def lit(shape: tuple[int, ...]) -> Ink:
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    return np.asarray(1 - 0.5 * x - 0.2 * y - 0.2 * (x - 0.4) ** 2, np.float32)


def test_uneven_light_is_taken_out() -> None:
    ink = row([ring(), upright(), ring(), upright(), ring()], margin=60)
    photo = (0.9 - 0.6 * ink) * lit(ink.shape)
    found = find_digits(photo)
    assert boxes(found) == boxes(find_digits(1 - ink))
    assert found[-1].pixels == pytest.approx(center(ring()), abs=0.1)


@pytest.mark.parametrize("soft", [0.5, 20.0])
def test_the_edge_of_a_shadow_is_not_ink(soft: float) -> None:
    ink = row([ring(), upright(), ring()], gap=50, margin=80)
    y, x = np.indices(ink.shape)
    shadow = 1 - 0.4 / (1 + np.exp(-np.clip((x + 0.6 * y - 190) / soft, -50, 50)))
    assert len(find_digits((0.9 - 0.6 * ink) * shadow)) == 3
    assert find_digits(0.9 * shadow) == []


@pytest.mark.parametrize("strength", [0.15, 0.6])
@pytest.mark.parametrize("slope", [0.0, 0.015])
def test_ruled_lines_are_not_ink(strength: float, slope: float) -> None:
    ink = row([ring(), upright(), ring()], gap=50, margin=80)
    y, x = np.indices(ink.shape)
    ruling = ((y + 7 - slope * x) % 40 < 1.5) | (np.abs(x - 30) < 1)
    paper = 0.95 - strength * ruling
    found = find_digits(np.minimum(paper, 1 - ink))
    assert len(found) == 3
    assert np.array(boxes(found)) == pytest.approx(np.array(boxes(find_digits(1 - ink))), abs=3)
    assert find_digits(paper) == []


def test_a_sheet_on_a_dark_desk() -> None:
    sheet = 0.9 - 0.7 * row([ring(), upright(), ring()], margin=60)
    assert len(find_digits(np.pad(sheet, 50, constant_values=0.15))) == 3


def test_specks_are_not_digits() -> None:
    ink = row([ring(), upright(), ring()], gap=60, margin=60)
    for y, x in ((5, 9), (30, 140), (150, 60), (160, 200)):
        ink[y : y + 4, x : x + 4] = 1
    assert len(find_digits(1 - ink)) == 3


def test_a_faint_trace_is_no_digit_but_a_faint_digit_is() -> None:
    strong = row([ring(), upright(), ring()], gap=60, margin=60)
    trace = np.zeros_like(strong)
    trace[4:38, 120:126] = 0.35
    assert len(find_digits(1 - np.maximum(strong, trace))) == 3
    faint = strong.copy()
    faint[:, 190:] *= 0.4
    assert len(find_digits(1 - faint)) == 3


@pytest.mark.parametrize("noise", [0.03, 0.1])
def test_noise_is_looked_through(noise: float) -> None:
    rng = np.random.default_rng(5)
    ink = row([ring(), upright(), ring()], margin=50)
    grainy = np.clip(0.8 - 0.6 * ink + rng.normal(0, noise, ink.shape), 0, 1)
    assert len(find_digits(grainy)) == 3
    salted = np.where(rng.random(ink.shape) < 0.01, rng.integers(0, 2, ink.shape), 1 - ink).astype(np.float32)
    assert len(find_digits(salted)) == 3


def blanks() -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(7)
    y, x = np.indices((150, 200))
    return {
        "black": np.zeros((150, 200)),
        "white": np.ones((150, 200)),
        "grey": np.full((28, 28), 0.5),
        "smallest": np.zeros((8, 8)),
        "strip": np.zeros((8, 20_000)),
        "slope": x / 200,
        "grain": np.clip(rng.normal(0.5, 0.1, (150, 200)), 0, 1),
        "static": rng.random((150, 200)),
        "two levels": rng.random((150, 200)) < 0.5,
        "three in ten": rng.random((150, 200)) < 0.3,
        "stars": rng.random((150, 200)) < 0.01,
        "chessboard": (x // 4 + y // 4) % 2 == 0,
        "lines": y % 20 > 0,
        "squares": (y % 20 > 0) & (x % 20 > 0),
        "one line": y != 70,
        "frame": (x > 0) & (y > 0) & (x < 199) & (y < 149),
        "half": x < 120,
        "corner": np.where(x > 1.3 * y + 30, 0.4, 0.9),
    }


@pytest.mark.parametrize("name", list(blanks()))
def test_nothing_is_found_where_nothing_is(name: str) -> None:
    assert find_digits(blanks()[name]) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 70), st.integers(8, 70), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_whatever_is_found_is_sound(height: int, width: int, blur: int, seed: int) -> None:
    picture = ndimage.gaussian_filter(np.random.default_rng(seed).random((height, width)), blur)
    for digit in find_digits(picture.astype(np.float32)):
        left, top, right, bottom = digit.box
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert digit.pixels.shape == (28, 28)
        assert digit.pixels.dtype == np.float32
        assert np.isfinite(digit.pixels).all()
        assert 0 <= digit.pixels.min() < digit.pixels.max() <= 1


def test_fine_pens_are_widened_only_if_wanted() -> None:
    disc = np.pad(ndimage.binary_fill_holes(ring(400)), 2)
    hairline = ndimage.binary_dilation(disc) ^ disc
    sheet = 1 - row([hairline.astype(np.float32)], margin=100)
    (plain,), (wide,) = find_digits(sheet, thicken=False), find_digits(sheet)
    assert wide.pixels.sum() > 2 * plain.pixels.sum()


def test_a_texture_is_refused_in_bounded_time() -> None:
    rng = np.random.default_rng(3)
    clouds = ndimage.gaussian_filter(rng.normal(0, 1, (600, 800)), 5)
    clouds = (clouds - clouds.min()) / np.ptp(clouds)
    assert find_digits(clouds) == []
    dots = np.zeros((600, 800), np.float32)
    dots[5::15, 5::15] = 1
    dots = ndimage.maximum_filter(dots, 7)
    plain = np.full((600, 800), 230, np.uint8)
    plain[100:300, 300:320] = 40
    for texture in (clouds, dots):
        assert times_as_long(lambda texture=texture: find_digits(texture), lambda: find_digits(plain)) < 15


def test_twelve_megapixels_are_shrunk_first() -> None:
    sheet = np.full((3000, 4000), 230, np.uint8)
    for left in (800, 1600, 2400):
        sheet[1000:1400, left : left + 240] -= (ring(400) * 190).astype(np.uint8)
    picture = read_picture(sheet)
    found = find_digits(picture)
    assert len(found) == 3
    third = np.ascontiguousarray(picture[::3, ::3])
    assert times_as_long(lambda: find_digits(picture), lambda: find_digits(third)) < 4
    assert np.abs(found[1].pixels - center(ring(400))).mean() < 0.02
    assert sum(step.nbytes for step in found[0].steps.values()) < 1_000_000


def test_small_pictures_are_refused() -> None:
    with pytest.raises(DataError, match="at least 8x8"):
        find_digits(np.zeros((7, 100)))


@pytest.mark.parametrize("pen", [2, 3])
def test_thin_strokes_that_lost_pixels_are_one_digit(pen: int) -> None:
    large = Image.new("L", (112, 112), 245)
    ImageDraw.Draw(large).ellipse((36, 20, 76, 92), outline=20, width=pen)
    (found,) = find_digits(np.asarray(large)[1::4, 1::4])  # sampled, not averaged
    left, top, right, bottom = found.box
    assert right - left >= 9
    assert bottom - top >= 16


def test_thin_digits_of_a_small_picture_stay_apart() -> None:
    picture = np.full((28, 40), 245, np.uint8)
    picture[5:23, 12] = picture[5:23, 22] = 20
    assert [digit.box[0] for digit in find_digits(picture)] == [12, 22]
