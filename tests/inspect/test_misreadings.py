"""Votes for outputs: terms and pixels add up to the sums; integrated gradients of a linear network are exact."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl

TEST = pl.data.load("digits").test


@pytest.mark.parametrize("name", ["digits-relu", "digits-sigmoid", "digits-conv"])
def test_neurons_and_pixels_add_up_to_the_trace(name: str) -> None:
    net = pl.load(name)
    image, label = TEST[5]
    found = pl.inspect.misreading(net, image, (label + 1) % 10)
    trace = net.trace(image)
    np.testing.assert_allclose(found.sums, trace[len(trace) - 1].sums, rtol=1e-5)
    np.testing.assert_allclose(found.terms.sum(axis=1) + found.biases, found.sums, atol=1e-3)
    np.testing.assert_allclose(found.pixels.sum(axis=1) + found.rest + found.missing, found.sums, atol=1e-3)
    np.testing.assert_allclose(found.rest, net.trace(np.zeros(net.input_shape))[len(trace) - 1].sums, atol=1e-3)
    assert np.abs(found.missing).max() < 0.1 * np.abs(found.sums).max()
    assert not found.pixels[:, image.reshape(-1) == 0].any()
    assert found.reading == label
    assert found.lead == pytest.approx(found.sums[label] - found.sums[(label + 1) % 10])
    gaps = found.terms[found.reading] - found.terms[found.label]
    assert (np.diff(gaps[found.ranking]) <= 0).all()


def test_a_linear_network_leaves_nothing_out() -> None:
    net = pl.Network([pl.Dense(3, "softmax")], input_shape=(4,), seed=1)
    x = np.array([0.5, 0.0, 1.0, 0.25], np.float32)
    found = pl.inspect.misreading(net, x, 1, steps=1)
    np.testing.assert_allclose(found.pixels, net.layers[0].weight * x, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found.missing, 0, atol=1e-6)


def test_levels_are_scaled_to_those_of_the_network() -> None:
    net = pl.Network([pl.Dense(6, "relu"), pl.Dense(3)], input_shape=(4,), seed=1, level_range=(0.0, 255.0))
    plain = pl.Network([pl.Dense(6, "relu"), pl.Dense(3)], input_shape=(4,), seed=1)
    plain.parameters[:] = net.parameters
    x = np.array([0.5, 0.0, 1.0, 0.25], np.float32)
    found, same = pl.inspect.misreading(net, 255 * x, 1), pl.inspect.misreading(plain, x, 1)
    np.testing.assert_allclose(found.pixels, same.pixels, atol=1e-5)


def test_wrong_arguments_are_refused() -> None:
    net = pl.load("digits-relu")
    with pytest.raises(pl.ShapeError, match="one input"):
        pl.inspect.misreading(net, TEST.images[:2], 0)
    with pytest.raises(pl.ShapeError, match="class from 0 to 9"):
        pl.inspect.misreading(net, TEST.images[0], 10)
    with pytest.raises(pl.ShapeError, match="output from 0 to 9"):
        pl.inspect.misreading(net, TEST.images[0], 1, pixels_of=[10])
    with pytest.raises(pl.ConfigurationError, match="steps"):
        pl.inspect.misreading(net, TEST.images[0], 0, steps=0)
    with pytest.raises(pl.ConfigurationError, match="sequences"):
        pl.inspect.misreading(pl.load("spoken-digits"), np.zeros((3, 40)), 0)


def test_only_the_pixels_of_some_outputs_are_attributed() -> None:
    net, (image, label) = pl.load("digits-relu"), TEST[3]
    every, some = pl.inspect.misreading(net, image, label), pl.inspect.misreading(net, image, label, pixels_of=[4, 7])
    np.testing.assert_allclose(some.pixels[[4, 7]], every.pixels[[4, 7]], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(some.missing[[4, 7]], every.missing[[4, 7]], atol=1e-4)
    others = [0, 1, 2, 3, 5, 6, 8, 9]
    assert not some.pixels[others].any()
    np.testing.assert_allclose(some.missing[others], (some.sums - some.rest)[others], rtol=1e-6)
    np.testing.assert_array_equal(some.terms, every.terms)
