"""Pictures, bars and curves made of characters."""

from __future__ import annotations

import io

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from pellucid.cli.colours import signed_colour
from pellucid.cli.pictures import bar, cropped, curve, fitted, grey_picture, signed_legend, signed_picture
from pellucid.cli.readings import reading_cell, side_by_side
from pellucid.cli.terminal import Terminal, shows_unicode
from pellucid.network.prediction import Reading

shapes = st.tuples(st.integers(1, 30), st.integers(1, 30))
looks = st.sampled_from(["colour", "blocks", "characters"])
images = shapes.flatmap(lambda shape: arrays.arrays(np.float32, shape, elements=st.floats(-1, 1, width=32)))


@given(images, looks)
def test_a_line_holds_two_rows(image: np.ndarray, look: str) -> None:
    for lines in (grey_picture(image, look), signed_picture(image, look)):  # type: ignore[arg-type]
        assert len(lines) == -(-image.shape[0] // 2)
        assert {len(line) for line in lines} == {image.shape[1]}


def test_colours_are_those_of_both_rows() -> None:
    (line,) = grey_picture(np.array([[0.0, 1.0], [1.0, 1.0]]), "colour")
    first, second = (line.spans[place].style for place in (0, 1))
    assert first.color.triplet.hex, first.bgcolor.triplet.hex == ("#000000", "#ffffff")  # type: ignore[union-attr]
    assert second.color.triplet.hex == second.bgcolor.triplet.hex == "#ffffff"  # type: ignore[union-attr]


def test_one_colour_and_characters() -> None:
    levels = np.array([[0, 1, 0, 1], [0, 0, 1, 1]])
    assert grey_picture(levels, "blocks")[0].plain == " ▀▄█"
    assert grey_picture(levels, "characters")[0].plain == " ==@"
    signed = np.array([[-1.0, -0.3, 0.1, 0.3, 1.0, 0.2], [0.0, 0.1, 0.0, 0.0, -0.9, -0.6]])
    assert signed_picture(signed, "characters")[0].plain == "=- +#="


def test_lightness_alone_shows_the_sign() -> None:
    def lightness(value: float) -> float:
        red, green, blue = (channel / 255 for channel in signed_colour(value))
        return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2

    steps = [lightness(value) for value in np.linspace(-1, 1, 101)]
    assert all(np.diff(steps) > 0)
    assert "+0.50" in signed_legend("colour", 0.5).plain
    assert signed_legend("characters", 1.0).plain.isascii()


@given(st.floats(-0.5, 1.5), st.integers(1, 40), st.booleans())
def test_a_bar_keeps_its_width(share: float, width: int, unicode: bool) -> None:
    drawn = bar(share, width, unicode)
    assert len(drawn) == width
    assert drawn.isascii() or unicode
    filled = len(drawn.rstrip())
    assert abs(filled - min(max(share, 0), 1) * width) <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.integers(1, 50))
def test_a_curve_ends_with_the_last_value(values: list[float], width: int) -> None:
    drawn = curve(values, width, unicode=True)
    assert len(drawn) == min(width, len(values))
    if len(values) > 1 and width > 1 and values[-1] == max(values) > min(values):
        assert drawn[-1] == "█"
    assert curve(values, width, unicode=False) == ""


@given(images)
def test_cropping_loses_no_ink(image: np.ndarray) -> None:
    ink = np.abs(image)
    part = cropped(ink)
    assert np.count_nonzero(part) == np.count_nonzero(ink)
    rows, columns = np.nonzero(ink)
    if len(rows) and max(np.ptp(rows), np.ptp(columns)) < 22:
        assert max(part.shape) <= 22 or max(part.shape) <= min(image.shape)


@given(images, st.integers(1, 24))
def test_fitting_keeps_small_pictures_and_shrinks_large_ones(image: np.ndarray, side: int) -> None:
    part = fitted(image, side)
    assert max(part.shape) == min(side, max(image.shape))
    assert -1.001 <= part.min() <= part.max() <= 1.001


@given(st.lists(st.integers(1, 5), min_size=1, max_size=9), st.integers(5, 60))
def test_cells_side_by_side_stay_within_the_width(heights: list[int], width: int) -> None:
    cells = [[Text(f"{number}".ljust(5, ".")) for _ in range(height)] for number, height in enumerate(heights)]
    lines = side_by_side(cells, width, cell=5, gap=1)
    assert max(len(line) for line in lines) <= width
    for number in range(len(heights)):
        assert sum(f"{number}...." in line.plain for line in lines) == heights[number]


@pytest.mark.parametrize("classes", [("0", "1"), tuple(map(str, range(10))), tuple(f"class {i}" for i in range(40))])
@pytest.mark.parametrize("width", [20, 38])
def test_a_cell_for_any_number_of_classes(classes: tuple[str, ...], width: int) -> None:
    outputs = np.linspace(0, 1, len(classes), dtype=np.float32)
    terminal = Terminal(io.StringIO())
    cell = reading_cell(terminal, np.eye(28), Reading(outputs, classes), truth=classes[0], width=width)
    assert len(cell) <= 15
    assert max(len(line) for line in cell) <= width


def test_characters_that_streams_can_show(monkeypatch: pytest.MonkeyPatch) -> None:
    def stream(encoding: str) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(), encoding=encoding)

    for name in ("PYTHONIOENCODING", "PYTHONUTF8", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert [shows_unicode(stream(name)) for name in ("utf-8", "ascii", "latin-1")] == [True, False, False]
    for name, value, shown in (("LANG", "C", False), ("LC_ALL", "en_GB.UTF-8", True), ("LC_ALL", "POSIX", False)):
        monkeypatch.setenv(name, value)
        assert shows_unicode(stream("utf-8")) is shown


def test_characters_that_cannot_be_shown_are_replaced() -> None:
    bytes_ = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(bytes_, encoding="ascii", write_through=True))
    terminal.say("784 → 16")
    terminal.show([Text.assemble(("█·", "bold"), " 0.5")])
    assert bytes_.getvalue().splitlines() == [b"784 > 16", b"#| 0.5"]
