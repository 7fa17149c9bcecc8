"""Statistics by class, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pellucid as pl
from pellucid.errors import ShapeError

PAIRS = st.lists(st.tuples(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), st.booleans()), min_size=1, max_size=25)


@given(PAIRS)
def test_auc_is_the_share_of_pairs_in_the_right_order(pairs: list[tuple[float, bool]]) -> None:
    inside = [value for value, belongs in pairs if belongs]
    outside = [value for value, belongs in pairs if not belongs]
    found = pl.inspect.auc([value for value, _ in pairs], [belongs for _, belongs in pairs])
    if not inside or not outside:
        assert np.isnan(found)
        return
    wins = sum((a > b) + 0.5 * (a == b) for a in inside for b in outside)
    assert found == pytest.approx(wins / (len(inside) * len(outside)))


def test_every_neuron_of_a_layer_has_its_auc() -> None:
    net, test = pl.load("digits-sigmoid"), pl.data.load("digits").test
    found = pl.inspect.responses(net, 1, test)
    loops = pl.inspect.class_auc(found, test.labels, [0, 6, 8, 9])
    assert loops.shape == (16,)
    for neuron in (0, 7):
        expected = pl.inspect.auc(found.excitations[:, neuron], np.isin(test.labels, [0, 6, 8, 9]))
        assert loops[neuron] == expected


def test_quantiles_are_numpys_and_missing_classes_are_not_numbers() -> None:
    values, labels = np.arange(20.0), np.arange(20) % 2
    found = pl.inspect.class_quantiles(values, labels, 3)
    np.testing.assert_allclose(found[1], np.quantile(values[1::2], [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]))
    assert np.isnan(found[2]).all()


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 2)), max_size=40))
def test_no_value_is_missing_from_the_histograms(pairs: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in pairs])
    labels = np.array([label for _, label in pairs], int)
    edges = np.linspace(-1, 1, 9)
    found = pl.inspect.class_histograms(values, labels, 3, edges)
    assert found.shape == (3, 8)
    for label in range(3):
        own = np.clip(values[labels == label], -1, 1)
        np.testing.assert_array_equal(found[label], np.histogram(own, edges)[0])


def test_labels_of_another_length_are_refused() -> None:
    for call in (
        lambda: pl.inspect.auc([1.0, 2.0], [True]),
        lambda: pl.inspect.class_quantiles([1.0, 2.0], [1], 2),
        lambda: pl.inspect.class_histograms([1.0, 2.0], [1], 2, [0, 1]),
    ):
        with pytest.raises(ShapeError):
            call()
