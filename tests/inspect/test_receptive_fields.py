"""Receptive fields: exactly the pixels that change a place of a map when they change."""

from __future__ import annotations

import numpy as np
import pytest
from networks_of_images import convolutional, pictures, roughened

import pellucid as pl
from pellucid.errors import ShapeError


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_no_pixel_outside_of_the_field_matters_and_its_corners_may(layer: int) -> None:
    net = convolutional()
    image = pictures(1)[0]
    height, width = net.layers[layer].output_shape(net.layers[layer].input_shape)[1:]
    for row, column in [(0, 0), (height - 1, width - 1), (height // 2, width // 2)]:
        left, top, right, bottom = pl.inspect.receptive_field(net, layer, row, column)
        outside = np.ones_like(image)
        outside[top:bottom, left:right] = 0
        changed = np.where(outside > 0, 1 - image, image)
        before, after = (net.trace(x)[layer].sums[:, row, column] for x in (image, changed))
        np.testing.assert_array_equal(before, after)


def test_every_pixel_of_the_field_matters_to_a_linear_network() -> None:
    layers = [pl.Conv2d(1, 3, stride=2, padding=1), pl.AvgPool2d(2), pl.Conv2d(1, 2)]
    net = roughened(pl.Network(layers, input_shape=(15, 12), seed=1), 1)
    for layer, row, column in [(0, 0, 0), (0, 7, 5), (1, 1, 2), (2, 1, 0), (2, 2, 1)]:
        left, top, right, bottom = pl.inspect.receptive_field(net, layer, row, column)
        rest = net.trace(np.zeros((15, 12)))[layer].sums[0, row, column]
        matters = np.zeros((15, 12), bool)
        for y in range(15):
            for x in range(12):
                lit = np.zeros((15, 12), np.float32)
                lit[y, x] = 1
                matters[y, x] = abs(net.trace(lit)[layer].sums[0, row, column] - rest) > 1e-6
        expected = np.zeros_like(matters)
        expected[top:bottom, left:right] = True
        np.testing.assert_array_equal(matters, expected)


@pytest.mark.parametrize("place", [(6, 0, 0), (4, 0, 0), (0, 9, 0), (0, 0, -1), (9, 0, 0)])
def test_places_that_do_not_exist_are_refused(place: tuple[int, int, int]) -> None:
    with pytest.raises(ShapeError):
        pl.inspect.receptive_field(convolutional(), *place)
