"""The untrained twin has the bits of the start, and the pixels without ink are those of the training images."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import ShapeError


def test_the_twin_is_the_network_before_training() -> None:
    net = pl.Network([pl.Dense(8, "relu"), pl.Dense(10, "softmax")], seed=4)
    start = net.parameters.copy()
    train = pl.data.load("digits").train[:200]
    list(pl.Trainer(net, train, optimizer=pl.SGD(0.1), batch_size=32, seed=0).run(epochs=1))
    assert (net.parameters != start).any()
    np.testing.assert_array_equal(pl.inspect.untrained_twin(net).parameters, start)


def test_pixels_without_ink_are_never_lit_in_training() -> None:
    images = pl.data.load("digits").train.images
    found = pl.inspect.never_inked(images)
    assert found.shape == images.shape[1:]
    assert not images[:, found].any()
    assert images[:, ~found].any(axis=0).all()


@pytest.mark.parametrize("images", [[], 3, np.zeros((0, 28, 28)), [1, 2]])
def test_one_example_at_least_is_needed(images: object) -> None:
    with pytest.raises(ShapeError):
        pl.inspect.never_inked(images)  # type: ignore[arg-type]
