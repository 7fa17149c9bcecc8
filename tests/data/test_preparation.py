"""Preparation: pictures of any polarity, size and place become the pixels that drawings become; a record keeps how."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_shapes import draw_shape, make_folder
from pellucid import data
from pellucid.data.drawings import center
from pellucid.data.preparation import RECORD, Preparation, grey_pictures, has_dark_ink, is_prepared, load_pictures


def test_dark_ink_anywhere_becomes_what_the_same_bright_drawing_becomes() -> None:
    picture = np.asarray(draw_shape("ring", np.random.default_rng(3)))
    moved = np.full((200, 120), 255, np.uint8)
    moved[100:160, 10:100] = picture
    wanted = center(255 - picture, thicken=True)
    np.testing.assert_allclose(Preparation(dark_ink=True)(picture), wanted, atol=1e-5)
    np.testing.assert_allclose(Preparation(dark_ink=True)(moved), wanted, atol=1e-5)
    np.testing.assert_allclose(Preparation()(255 - picture), wanted, atol=1e-5)


def test_grey_paper_is_paper_and_its_grain_is_no_ink() -> None:
    rng = np.random.default_rng(0)
    clean = np.asarray(draw_shape("cross", np.random.default_rng(3))).astype(np.float32)
    grey = 40 + clean * 0.7 + rng.normal(0, 2, clean.shape)
    how = Preparation(dark_ink=True)
    found = how.ink(grey.clip(0, 255).astype(np.uint8))
    np.testing.assert_array_equal(found > 0, how.ink(clean.astype(np.uint8)) > 0)
    assert found[found > 0].min() > 0.5


def test_an_empty_sheet_has_no_ink() -> None:
    assert not Preparation(dark_ink=True)(np.full((30, 30), 250, np.uint8)).any()


def test_the_last_step_is_the_prepared_picture_bit_for_bit() -> None:
    picture = np.asarray(draw_shape("stroke", np.random.default_rng(4)))
    for how in (Preparation(True), Preparation(True, scale=False), Preparation(True, mass=False, smooth=False)):
        np.testing.assert_array_equal(how.steps(how.ink(picture))[-1].picture, how(picture))


def test_polarity_and_centring_are_measured(tmp_path: Path) -> None:
    digits = data.load("digits").train
    assert is_prepared(digits)
    assert not has_dark_ink(digits)
    inverted = data.Dataset(255 - digits.images, digits.labels)
    assert not is_prepared(inverted)
    assert has_dark_ink(inverted)
    pictures = load_pictures(make_folder(tmp_path / "shapes"))
    assert has_dark_ink(pictures.train)
    assert not is_prepared(pictures.train)
    prepared = Preparation(dark_ink=True).apply(pictures)
    assert prepared.train.shape == (28, 28)
    assert prepared.train.classes == ("cross", "ring", "stroke")
    assert not has_dark_ink(prepared.train)


def test_pictures_keep_their_proportions(tmp_path: Path) -> None:
    for name in ("tall", "wide"):
        (tmp_path / name).mkdir()
        size = (40, 120) if name == "tall" else (120, 40)
        for number in range(5):
            picture = Image.new("L", size, 255)
            picture.paste(0, (size[0] // 2 - 10, size[1] // 2 - 10, size[0] // 2 + 10, size[1] // 2 + 10))
            picture.save(tmp_path / name / f"{number}.png")
    for part in load_pictures(tmp_path):
        for grey in grey_pictures(part):
            dark = np.argwhere(grey < 128)
            height, width = dark.max(axis=0) - dark.min(axis=0)
            assert height == width


def test_levels_of_any_range_are_levels() -> None:
    images = np.array([[[9, 9], [9, 0]], [[9, 0], [9, 9]]], np.uint8)
    grey = grey_pictures(data.Dataset(images, [0, 1], level_range=(0, 9)))
    np.testing.assert_array_equal(grey, images / 9)


@pytest.mark.parametrize("broken", [None, 3, [], {}, {"dark_ink": 1}, {"dark_ink": True, "other": True}])
def test_a_record_keeps_it_and_a_broken_one_is_none(broken: object) -> None:
    how = Preparation(dark_ink=True, mass=False)
    assert Preparation.of_record({RECORD: how.configuration()}) == how
    assert Preparation.of_record({}) is None
    assert Preparation.of_record({RECORD: broken}) is None
