"""Repairs: proven by reading, minimal under leaving out, drawn with the pad's own strokes, repeatable."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.drawings import center
from pellucid.data.drawings.segments import draw_line
from pellucid.inspect.repairs import Repair

TEST = pl.data.load("digits").test


def wrong(net: pl.Network, count: int) -> list[int]:
    found: list[int] = np.flatnonzero(net(TEST.images).argmax(axis=1) != TEST.labels)[:count].tolist()
    return found


def drawn(ink: np.ndarray, strokes: tuple[pl.inspect.PenStroke, ...]) -> np.ndarray:
    changed = np.array(ink, np.float32)
    for stroke in strokes:
        draw_line(changed, stroke.points, stroke.width, stroke.erase)
    return changed


def check(net: pl.Network, ink: np.ndarray, found: Repair) -> None:
    """The strokes mend the reading, are what changed, and none of them can be left out."""
    assert found.mended
    np.testing.assert_array_equal(found.ink, drawn(ink, found.strokes))
    assert found.changed == pytest.approx(np.abs(found.ink - ink).sum() / ink.sum(), rel=1e-4)
    assert found.after.argmax() == found.label != found.before.argmax()
    for at in range(len(found.strokes)):
        fewer = drawn(ink, found.strokes[:at] + found.strokes[at + 1 :])
        assert net(fewer).argmax() != found.label


@pytest.mark.parametrize("name", ["digits-relu", "digits-sigmoid"])
def test_wrong_readings_are_mended_by_little_ink(name: str) -> None:
    net = pl.load(name)
    for index in wrong(net, 6):
        ink = TEST.images[index] / np.float32(255)
        found = pl.inspect.repair(net, ink, int(TEST.labels[index]))
        check(net, ink, found)
        np.testing.assert_allclose(net(found.ink), found.after, rtol=1e-4, atol=1e-6)
        assert found.changed < 0.5


def test_convolutional_networks_are_repaired_too() -> None:
    net = pl.load("digits-conv")
    index = wrong(net, 1)[0]
    ink = TEST.images[index] / np.float32(255)
    check(net, ink, pl.inspect.repair(net, ink, int(TEST.labels[index])))


def test_the_changed_drawing_goes_through_the_same_preparation() -> None:
    net, ink = pl.load("digits-sigmoid"), np.zeros((112, 112), np.float32)
    draw_line(ink, [0.25, 0.2, 0.5, 0.19, 0.72, 0.2, 0.6, 0.45, 0.5, 0.65, 0.45, 0.85], 0.07)

    def prepare(drawing: np.ndarray) -> np.ndarray:
        return center(drawing, thicken=True)

    found = pl.inspect.repair(net, ink, 9, prepare=prepare)
    assert found.mended
    assert found.before.argmax() == 7
    np.testing.assert_allclose(net(prepare(drawn(ink, found.strokes))), found.after, rtol=1e-4, atol=1e-6)
    again = pl.inspect.repair(net, ink, 9, prepare=prepare)
    assert (again.strokes, again.readings) == (found.strokes, found.readings)
    for stroke in found.strokes:
        assert all(value == round(value, 3) for value in (*stroke.points, stroke.width))


def test_what_is_right_already_needs_nothing() -> None:
    net, (image, label) = pl.load("digits-relu"), TEST[0]
    found = pl.inspect.repair(net, image / 255, label)
    assert (found.mended, found.strokes, found.changed, found.readings) == (True, (), 0.0, 1)


def test_what_cannot_be_mended_says_so() -> None:
    net = pl.load("digits-relu")
    net.layers[2].bias[3] = -1000.0
    found = pl.inspect.repair(net, TEST.images[0] / 255, 3, most=1)
    assert not found.mended
    assert found.method.startswith("The best of ")
    assert len(found.strokes) <= 1


def test_channels_that_are_alike_are_filled() -> None:
    net = pl.Network([pl.Flatten(), pl.Dense(3, "softmax")], input_shape=(3, 6, 6), seed=2)
    ink = np.zeros((6, 6), np.float32)
    ink[2:4, 1:5] = 1
    other = int(net(np.broadcast_to(ink, (3, 6, 6))).argsort()[-2])
    found = pl.inspect.repair(net, ink, other)
    assert int(net(np.broadcast_to(found.ink, (3, 6, 6))).argmax()) == int(found.after.argmax())


def test_wrong_arguments_are_refused() -> None:
    net, ink = pl.load("digits-relu"), TEST.images[0] / 255
    with pytest.raises(pl.ShapeError, match="shape"):
        pl.inspect.repair(net, ink.reshape(-1), 3)
    with pytest.raises(pl.ShapeError, match="784 pixels"):
        pl.inspect.repair(net, np.ones((5, 5)), 3)
    with pytest.raises(pl.ShapeError, match="class from 0 to 9"):
        pl.inspect.repair(net, ink, 10)
    with pytest.raises(pl.DataError, match="empty"):
        pl.inspect.repair(net, np.zeros((28, 28)), 3)
    with pytest.raises(pl.DataError, match="0 to 1"):
        pl.inspect.repair(net, TEST.images[0], 3)
    with pytest.raises(pl.ConfigurationError, match="width"):
        pl.inspect.repair(net, ink, 3, width=0.0)
    with pytest.raises(pl.ConfigurationError, match="stroke"):
        pl.inspect.repair(net, ink, 3, most=0)
