"""Shares cover all items exactly once, and any number of threads computes the same bits as one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from engine.probe import probe
from pellucid.engine.records import Part
from pellucid.engine.simd.lanes import PLAIN
from pellucid.programs.feed import Feed
from pellucid.programs.image_stepper import Batches
from pellucid.programs.image_targets import class_targets
from pellucid.programs.images import MAX_SPARSE_INPUTS
from pellucid.programs.interface import StepperOptions

WIDE = [pl.Dense(70, "relu"), pl.Dense(33, "tanh"), pl.Dense(10, "softmax")]
NARROW = [pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")]
ALONE = [pl.Dense(67, "softmax")]
VERY_WIDE = [pl.Dense(200, "relu"), pl.Dense(10, "softmax")]
WIDENING = [pl.Dense(16, "tanh"), pl.Dense(160, "relu"), pl.Dense(160, "sigmoid"), pl.Dense(10, "softmax")]
OPTIMIZERS = {"sgd": pl.SGD(0.5), "decay": pl.SGD(0.5, decay=1e-3), "momentum": pl.Momentum(0.1), "adam": pl.Adam(0.01)}


@settings(deadline=None)
@given(threads=st.integers(1, 9), count=st.integers(0, 500), unit=st.sampled_from([1, 4, 16, 32]))
def test_shares_cover_everything_once(threads: int, count: int, unit: int) -> None:
    at = 0
    for rank in range(threads):
        cuts = np.full(2, -1)
        probe().cut(cuts, Part(rank, threads), count, unit)
        begin, end = cuts
        assert begin == at
        assert begin <= end
        assert end == count or end % unit == 0
        at = end
    assert at == count


def images(count: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.random((count, width)) * (rng.random((count, width)) < 0.3)).astype(np.float32)


def trained(
    layers: list[pl.Dense], flat_inputs: np.ndarray, optimizer: pl.SGD, batch: int, threads: int
) -> tuple[bytes, bytes]:
    """Bits of the parameters and of the history after all the steps of one epoch."""
    net = pl.Network(layers, input_shape=(flat_inputs.shape[1],), seed=1)
    feed = Feed(flat_inputs, None)
    labels = np.random.default_rng(5).integers(0, net.output_shape[0], len(flat_inputs))
    steps = -(-len(flat_inputs) // batch)
    stepper = net.program.stepper(
        StepperOptions(optimizer, "cross_entropy", batch, threads=threads), sparse=feed.is_sparse
    )
    rates = optimizer.step_rates(np.full(steps, optimizer.learning_rate), np.arange(steps))
    order = np.random.default_rng(6).permutation(len(flat_inputs))
    history = stepper.run(Batches(feed, order, class_targets(labels)), 0, steps, optimizer, rates)
    assert np.isfinite(history).all()
    return net.parameters.tobytes(), history.tobytes()


@pytest.mark.skipif(PLAIN, reason="plain Python runs with one thread")
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize(
    "layers",
    [WIDE, NARROW, ALONE, VERY_WIDE, WIDENING],
    ids=["wide", "narrow", "alone", "very wide", "widening"],
)
@pytest.mark.parametrize(("count", "batch"), [(90, 32), (300, 299), (7, 1)])
def test_same_bits_with_any_number_of_threads(
    layers: list[pl.Dense], optimizer: pl.SGD, count: int, batch: int
) -> None:
    flat_inputs = images(count, 53)
    alone = trained(layers, flat_inputs, optimizer, batch, 1)
    for threads in (2, 3, 5):
        assert trained(layers, flat_inputs, optimizer, batch, threads) == alone, threads


@pytest.mark.skipif(PLAIN, reason="plain Python runs with one thread")
@pytest.mark.parametrize("optimizer", [pl.SGD(0.01), pl.Momentum(0.001)], ids=["sgd", "momentum"])
@pytest.mark.parametrize("layers", [ALONE, WIDE[1:]], ids=["alone", "two"])
def test_same_bits_for_images_too_large_for_sparse_rows(layers: list[pl.Dense], optimizer: pl.SGD) -> None:
    small = [pl.Dense(3 + len(layers), layers[0].activation), *layers[1:]]
    flat_inputs = images(140, MAX_SPARSE_INPUTS + 5)
    assert not Feed(flat_inputs[:1], None).is_sparse
    alone = trained(small, flat_inputs, optimizer, 137, 1)
    for threads in (2, 3):
        assert trained(small, flat_inputs, optimizer, 137, threads) == alone, threads


@pytest.mark.skipif(PLAIN, reason="plain Python runs with one thread")
def test_many_waits_with_more_threads_than_cores() -> None:
    flat_inputs = images(256, 20)
    alone = trained(WIDE, flat_inputs, OPTIMIZERS["adam"], 4, 1)
    for _ in range(3):
        assert trained(WIDE, flat_inputs, OPTIMIZERS["adam"], 4, 5) == alone
