"""Pullbacks through sequence networks: compared with central differences, and with the gradients of losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl

LENGTHS = [5, 9, 1, 4, 7]
FRAMES = [np.random.default_rng(i).standard_normal((length, 3)).astype(np.float32) for i, length in enumerate(LENGTHS)]

ENDS: dict[str, list[pl.Layer]] = {
    "dense frames": [pl.LSTM(4, bidirectional=True), pl.Dense(5, "softmax")],
    "dense tanh": [pl.GRU(4), pl.Dense(3, "tanh")],
    "dense last": [pl.RNN(6, outputs="last"), pl.Dense(4, "sigmoid")],
    "lstm frames": [pl.Dense(5, "tanh"), pl.LSTM(3)],
    "gru last": [pl.GRU(3, bidirectional=True, outputs="last")],
    "lstm mean": [pl.LSTM(9, outputs="mean")],
    "rnn frames": [pl.RNN(17)],
}


def network(kind: str) -> pl.Network:
    return pl.Network(ENDS[kind], input_shape=(None, 3), seed=3)


def cotangent_for(net: pl.Network) -> list[Any]:
    rng = np.random.default_rng(7)
    return [rng.standard_normal(np.shape(answer)).astype(np.float32) for answer in net(FRAMES)]


def total(net: pl.Network, cotangent: list[Any], frames: list[Any] = FRAMES) -> float:
    return float(sum((c * y.astype(np.float64)).sum() for c, y in zip(cotangent, net(frames), strict=True)))


@pytest.mark.parametrize("kind", ENDS)
def test_pullbacks_are_central_differences(kind: str) -> None:
    net = network(kind)
    cotangent = cotangent_for(net)
    found = net.pullback(FRAMES, cotangent)
    assert found.loss == pytest.approx(total(net, cotangent), rel=1e-4, abs=1e-4)
    rng, step = np.random.default_rng(2), 1e-3
    for _ in range(3):
        direction = rng.standard_normal(net.parameter_count).astype(np.float32)
        start, sides = net.parameters.copy(), []
        for sign in (1, -1):
            net.parameters[...] = start + sign * step * direction
            sides.append(total(net, cotangent))
        net.parameters[...] = start
        assert found.parameters @ direction == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=1e-2, abs=3e-2)
    for i, t, j in ((0, 0, 0), (1, 4, 2), (2, 0, 1)):
        sides = []
        for sign in (1, -1):
            moved = [frames.copy() for frames in FRAMES]
            moved[i][t, j] += sign * step
            sides.append(total(net, cotangent, moved))
        assert found.inputs[i][t, j] == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=2e-2, abs=5e-3)


@pytest.mark.parametrize("kind", ENDS)
def test_every_form_of_sequences_gives_the_same(kind: str) -> None:
    net = network(kind)
    cotangent = cotangent_for(net)
    listed = net.pullback(FRAMES, cotangent)
    singles = [net.pullback(frames, c) for frames, c in zip(FRAMES, cotangent, strict=True)]
    np.testing.assert_allclose(sum(one.parameters for one in singles), listed.parameters, rtol=1e-3, atol=1e-5)
    for one, rows in zip(singles, listed.inputs, strict=True):
        np.testing.assert_allclose(one.inputs, rows, rtol=1e-4, atol=1e-6)
    padded = np.full((len(LENGTHS), max(LENGTHS), 3), 9, np.float32)
    for row, frames in zip(padded, FRAMES, strict=True):
        row[: len(frames)] = frames
    outputs = np.zeros(net(padded, lengths=LENGTHS).shape, np.float32)
    for row, c in zip(outputs, cotangent, strict=True):
        row[: len(c)] = c
    found = net.pullback(padded, outputs, lengths=LENGTHS)
    np.testing.assert_array_equal(found.parameters, listed.parameters)
    for row, rows in zip(found.inputs, listed.inputs, strict=True):
        np.testing.assert_array_equal(row[: len(rows)], rows)


def test_the_gradient_of_a_loss_is_a_pullback() -> None:
    net, labels = network("dense frames"), [np.arange(length) % 5 for length in LENGTHS]
    found = net.gradient(FRAMES, labels, "cross_entropy")
    slopes = []
    for answer, wanted in zip(net(FRAMES), labels, strict=True):
        slope = np.zeros_like(answer)
        rows = np.arange(len(answer))
        slope[rows, wanted] = -1 / answer[rows, wanted] / len(answer) / len(LENGTHS)
        slopes.append(slope)
    np.testing.assert_allclose(net.pullback(FRAMES, slopes).parameters, found.parameters, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("kind", ["dense frames", "dense last"])
def test_cotangents_that_do_not_fit_are_refused(kind: str) -> None:
    net = network(kind)
    cotangent = cotangent_for(net)
    for wrong in (cotangent[:-1], [c[..., :-1] for c in cotangent], cotangent[0], 3.0, "one"):
        with pytest.raises((pl.ShapeError, pl.DataError)):
            net.pullback(FRAMES, wrong)
    cotangent[2] = cotangent[2] * np.nan
    with pytest.raises(pl.DataError, match="finite"):
        net.pullback(FRAMES, cotangent)
    with pytest.raises(pl.DataError, match="at least one sequence"):
        net.pullback([], [])
