"""How sure answers are: letters and shapes are no digits, digits are, and answers of both networks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

import pellucid as pl
from pellucid.data.drawings import find_digits
from pellucid.errors import ShapeError
from pellucid.inspect import answers, sureness
from pellucid.inspect.certainty import NO_DIGIT, THRESHOLD, compared, second_outputs, together

DIGITS = pl.data.load("digits").test
PIXELS = DIGITS.images[:300].astype(np.float32) / 255


def drawn(*lines: list[tuple[int, int]]) -> np.ndarray:
    """Return lines drawn with a pen, dark on light."""
    image = Image.new("L", (140, 140), 235)
    for line in lines:
        ImageDraw.Draw(image).line(line, fill=30, width=8, joint="curve")
    return np.asarray(image)


M = drawn([(30, 110), (35, 30), (70, 90), (105, 30), (110, 110)])
N = drawn([(40, 110), (40, 30), (100, 110), (100, 30)])
STAR = drawn([(70, 20), (100, 115), (20, 55), (120, 55), (40, 115), (70, 20)])
ARROW = drawn([(20, 70), (120, 70)], [(85, 40), (120, 70), (85, 100)])


@pytest.mark.parametrize("picture", [M, N, STAR, ARROW], ids=["M", "N", "star", "arrow"])
@pytest.mark.parametrize("alone", [True, False])
def test_what_is_no_digit(picture: np.ndarray, alone: bool) -> None:
    found = answers(pl.load("digits-conv"), find_digits(picture), alone=alone)
    assert found
    assert all(answer.is_none and not answer.sure for answer in found)


@pytest.mark.parametrize("name", ["digits-conv", "digits-relu", "digits-sigmoid"])
def test_digits_are_digits(name: str) -> None:
    net = pl.load(name)
    outputs = net(DIGITS.images[:300])
    found = sureness(PIXELS, outputs)
    assert np.mean([one.is_none for one in found]) <= 0.02
    sure = np.array([one.confidence >= THRESHOLD for one in found])
    right = outputs.argmax(axis=1) == DIGITS.labels[:300]
    assert sure.mean() > 0.8
    assert right[sure].mean() > 0.99
    assert all(0 <= one.confidence <= 1 for one in found)


def test_answers_of_both_networks_are_probabilities() -> None:
    first, second = pl.load("digits-relu")(DIGITS.images[:300]), second_outputs(PIXELS)
    both = together(first, second)
    assert second.shape == (300, 11)
    assert both.shape == (300, 10)
    np.testing.assert_allclose(both.sum(axis=1), 1, atol=1e-5)
    labels = DIGITS.labels[:300]
    assert (both.argmax(axis=1) == labels).mean() >= (first.argmax(axis=1) == labels).mean()


def test_both_networks_have_to_be_sure() -> None:
    first, second = np.zeros((1, 10), np.float32), np.zeros((1, 11), np.float32)
    first[0, 3], first[0, 8] = 0.9, 0.1
    second[0, 3], second[0, -1] = 0.2, 0.8
    (found,) = compared(first, second)
    second[0, 3], second[0, -1] = 0.8, 0.2
    (surer,) = compared(first, second)
    assert found.confidence < 0.5 < surer.confidence
    assert found.none == pytest.approx(0.8)
    assert found.is_none == (found.none >= NO_DIGIT)


def test_digits_among_specks_are_read_and_their_boxes_hold_them_alone() -> None:
    rng, right = np.random.default_rng(4), 0
    for image, label in zip(PIXELS[:60], DIGITS.labels, strict=False):
        spotted = image.copy()
        empty = np.argwhere(spotted == 0)
        for y, x in empty[rng.integers(0, len(empty), 10)]:
            spotted[y : y + 2, x : x + 2] = 1
        told = [one for one in answers(pl.load("digits-conv"), find_digits(spotted), alone=False) if not one.is_none]
        right += [one.reading.best for one in told] == [str(label)]
        for one in told:
            left, top, right_edge, bottom = one.digit.box
            assert 0 <= left < right_edge <= 28
            assert 0 <= top < bottom <= 28
    assert right >= 42  # 28 of 60 with the specks


def test_nothing_and_other_shapes() -> None:
    assert sureness(np.zeros((0, 28, 28)), np.zeros((0, 10))) == []
    with pytest.raises(ShapeError, match="outputs for 0 to 9"):
        sureness(np.zeros((2, 28, 28)), np.zeros((2, 26)))
    with pytest.raises(ShapeError, match="expected pixels"):
        sureness(np.zeros((28, 28)), np.zeros((1, 10)))


def test_networks_of_other_classes_are_not_judged() -> None:
    net = pl.load("digits-relu")
    letters = pl.Network(net.layers, input_shape=(28, 28), classes=list("ABCDEFGHIJ"))
    letters.parameters[...] = net.parameters
    (answer,) = answers(letters, find_digits(M))
    assert answer.sureness is None
    assert answer.sure
    assert not answer.is_none


def test_overlapping_digits_are_read_by_halves() -> None:
    net, right = pl.load("digits-conv"), 0
    for k in range(20):
        pair = [np.kron(image, np.ones((3, 3))) for image in PIXELS[2 * k : 2 * k + 2]]
        first, second = (part[:, part.any(axis=0)] for part in pair)
        ink = np.zeros((84, first.shape[1] + second.shape[1] - 6))
        ink[:, : first.shape[1]] = first
        ink[:, -second.shape[1] :] = np.maximum(ink[:, -second.shape[1] :], second)
        patches = find_digits((1 - np.pad(ink, 20)).astype(np.float32))
        found = answers(net, patches, alone=False)
        text = "".join(answer.reading.best for answer in found if not answer.is_none)
        right += text == "".join(map(str, DIGITS.labels[2 * k : 2 * k + 2]))
        assert all(0 <= answer.digit.box[0] < answer.digit.box[2] for answer in found)
        if len(patches) == 1:
            assert len({answer.sureness.confidence for answer in found if answer.sureness}) == 1
    assert right >= 14


def test_parts_of_what_is_too_narrow_for_two_digits_are_not_sure() -> None:
    letter = drawn([(45, 115), (45, 30)], [(95, 30), (95, 115)], [(30, 30), (110, 30)])  # a capital pi
    found = answers(pl.load("digits-conv"), find_digits(letter), alone=False)
    assert found
    assert not any(answer.sure for answer in found)


def test_three_digits_that_overlap_are_told_apart() -> None:
    net, right = pl.load("digits-conv"), 0
    for k in range(12):
        parts = [np.kron(image[:, image.any(axis=0)], np.ones((3, 3))) for image in PIXELS[3 * k : 3 * k + 3]]
        ink, end = np.zeros((84, sum(part.shape[1] for part in parts) - 10)), 0
        for part in parts:
            view = ink[:, end : end + part.shape[1]]
            np.maximum(view, part, out=view)
            end += part.shape[1] - 5
        found = answers(net, find_digits((1 - np.pad(ink, 20)).astype(np.float32)), alone=False)
        text = "".join(answer.reading.best for answer in found if not answer.is_none)
        right += text == "".join(map(str, DIGITS.labels[3 * k : 3 * k + 3]))
    assert right >= 9
