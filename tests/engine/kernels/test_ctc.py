"""CTC against an enumeration of all paths, against Graves's recursion in float64, and at its limits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_sequences as naive
import pellucid as pl
from pellucid.engine.simd.lanes import PLAIN

EXAMPLES = 5 if PLAIN else 60


def plain_softmax(classes: int) -> pl.Network:
    """A network with its inputs as the last sums, so that gradients by inputs are those by the sums."""
    net = pl.Network([pl.Dense(classes, "softmax")], input_shape=(None, classes))
    net.parameters[...] = 0.0
    net.layers[0].named()["weight"][...] = np.eye(classes)
    return net


def test_every_path_of_small_cases() -> None:
    """All transcripts of up to three labels over up to four frames and three classes."""
    net, rng = plain_softmax(3), np.random.default_rng(0)
    checked = 0
    for frames, count in itertools.product(range(1, 5), range(4)):
        for labels in itertools.product((1, 2), repeat=count):
            z = rng.standard_normal((frames, 3)).astype(np.float32)
            expected = naive.ctc_by_enumeration(z.astype(np.float64), labels)
            if np.isfinite(expected):
                assert naive.ctc(z.astype(np.float64), labels) == pytest.approx(expected, rel=1e-9)
                assert net.gradient(z, list(labels), "ctc").loss == pytest.approx(expected, rel=1e-5, abs=1e-6)
                checked += 1
            else:
                with pytest.raises(pl.DataError, match=f"Sequence 0 has {frames} frames"):
                    net.gradient(z, list(labels), "ctc")
    assert checked > 25


def test_probabilities_of_all_transcripts_add_up_to_one() -> None:
    net, z = plain_softmax(3), np.random.default_rng(1).standard_normal((4, 3)).astype(np.float32)
    said = {tuple(naive.spelt(path)) for path in itertools.product(range(3), repeat=4)}
    assert sum(np.exp(-net.gradient(z, list(labels), "ctc").loss) for labels in said) == pytest.approx(1, rel=1e-5)


@settings(deadline=None, max_examples=EXAMPLES)
@given(
    classes=st.integers(2, 20),
    labels=st.lists(st.integers(1, 3), max_size=12),
    spare=st.integers(0, 20),
    size=st.sampled_from([0.1, 1.0, 8.0]),
    seed=st.integers(0, 99),
)
def test_loss_and_gradient_equal_the_reference(
    classes: int, labels: list[int], spare: int, size: float, seed: int
) -> None:
    labels = [min(label, classes - 1) for label in labels]
    needed = len(labels) + sum(a == b for a, b in itertools.pairwise(labels))
    z = (np.random.default_rng(seed).standard_normal((max(1, needed + spare), classes)) * size).astype(np.float32)
    gradient = plain_softmax(classes).gradient(z, labels, "ctc")
    exact = z.astype(np.float64)
    assert gradient.loss == pytest.approx(naive.ctc(exact, labels), rel=2e-6, abs=1e-5)
    way = np.random.default_rng(seed + 1).standard_normal(z.shape)
    rise = naive.differences(lambda step: naive.ctc(exact + step[0] * way, labels), np.zeros(1), 1e-4)
    assert float((gradient.inputs * way).sum()) == pytest.approx(float(rise[0]), rel=1e-4, abs=2e-4)
    np.testing.assert_allclose(gradient.inputs.sum(axis=1), 0, atol=1e-5)


def test_long_sequences_lose_no_precision() -> None:
    rng = np.random.default_rng(2)
    frames = 60 if PLAIN else 3000
    z = (rng.standard_normal((frames, 6)) * 3).astype(np.float32)
    labels = rng.integers(1, 6, frames // 5).tolist()
    gradient = plain_softmax(6).gradient(z, labels, "ctc")
    exact = z.astype(np.float64)
    assert gradient.loss == pytest.approx(naive.ctc(exact, labels), rel=1e-6)
    np.testing.assert_allclose(gradient.inputs.sum(axis=1), 0, atol=1e-5)
    for place in [(0, 0), (frames // 2, 3), (frames - 1, labels[-1])]:
        step = np.zeros_like(exact)
        step[place] = 1e-4
        expected = (naive.ctc(exact + step, labels) - naive.ctc(exact - step, labels)) / 2e-4
        assert gradient.inputs[place] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("size", [30.0, 1e4, 1e20, 3e38])
def test_a_certain_but_wrong_output_has_a_finite_loss(size: float) -> None:
    """Every frame gives the blank a probability as near to 1 as float32 allows, but there are labels."""
    z = np.zeros((9, 3), np.float32)
    z[:, 0] = size
    gradient = plain_softmax(3).gradient(z, [1, 2, 2], "ctc")
    assert np.isfinite(gradient.loss)
    assert gradient.loss >= 3 * min(size, 1e19) * 0.95
    assert np.isfinite(gradient.inputs).all()
    np.testing.assert_allclose(gradient.inputs.sum(axis=1), 0, atol=1e-5)
    assert np.abs(gradient.inputs).max() <= 1


def test_no_labels_mean_blanks_throughout() -> None:
    z = np.random.default_rng(3).standard_normal((5, 3)).astype(np.float32)
    gradient = plain_softmax(3).gradient(z, [], "ctc")
    assert gradient.loss == pytest.approx(-naive.log_softmax(z.astype(np.float64))[:, 0].sum(), rel=1e-6)


def test_one_frame_per_label_has_one_alignment() -> None:
    z = np.random.default_rng(4).standard_normal((3, 3)).astype(np.float32)
    gradient = plain_softmax(3).gradient(z, [2, 1, 2], "ctc")
    logs = naive.log_softmax(z.astype(np.float64))
    assert gradient.loss == pytest.approx(-(logs[0, 2] + logs[1, 1] + logs[2, 2]), rel=1e-6)
    np.testing.assert_allclose(gradient.inputs, np.exp(logs) - np.eye(3)[[2, 1, 2]], atol=1e-6)


def test_sequences_that_cannot_be_aligned_are_named() -> None:
    net = plain_softmax(3)
    xs = [np.zeros((4, 3)), np.zeros((2, 3))]
    with pytest.raises(pl.DataError, match=r"Sequence 1 has 2 frames, too few for its 2 labels, which need 3"):
        net.gradient(xs, [[1, 2, 1], [1, 1]])
    with pytest.raises(pl.DataError, match="Sequence 1"):
        pl.Trainer(net, pl.data.Sequences(xs, [[1], [1, 2, 1]]), loss="ctc")
    with pytest.raises(pl.DataError, match="3 outputs"):
        net.gradient(xs[0], [3])


def test_only_the_whole_transcript_is_correct() -> None:
    """The frames - 1 1 - 1 2 decode to 1, 1, 2."""
    net, z = plain_softmax(3), np.eye(3)[[0, 1, 1, 0, 1, 2]] * 5.0
    for labels, accuracy in (([1, 1, 2], 1.0), ([1, 2], 0.0), ([1, 1, 2, 2], 0.0), ([1, 1], 0.0)):
        data = pl.data.Sequences([np.concatenate([z, z[:1]])], [labels], classes=["-", "1", "2"])
        event = next(iter(pl.Trainer(net.copy(), data, loss="ctc").run(1, validation=data)))
        assert event.train_accuracy == accuracy  # type: ignore[union-attr]
