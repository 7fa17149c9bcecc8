"""Results of sequence networks that must be the same for any lane width, as a script that prints them as JSON.

Usage: ``python tests/programs/sequences_selfcheck.py``, with PELLUCID_LANES or NUMBA_DISABLE_JIT set if needed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

import pellucid as pl
from pellucid.engine.simd.lanes import LANES, PLAIN

STACKS: dict[str, list[Any]] = {
    "ctc": [pl.LSTM(9, bidirectional=True), pl.LSTM(5), pl.Dense(3, "softmax")],
    "cross_entropy": [
        pl.GRU(11, bidirectional=True),
        pl.RNN(17),
        pl.LSTM(18, bidirectional=True, outputs="mean"),
        pl.Dense(3, "softmax"),
    ],
}


def network(loss: str) -> Any:
    return pl.Network(STACKS[loss], input_shape=(None, 5), seed=2)


def sequences() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal((length, 5)).astype(np.float32) for length in (4, 1, 6, 3, 3, 5, 2, 4, 1)]


def labels(loss: str) -> list[Any]:
    return [1, 2, 0, 1, 2, 0, 1, 2, 0] if loss != "ctc" else [[1, 1], [2], [2, 1, 2], [], [1], [1, 2], [2], [2, 2], []]


def learned(loss: str) -> dict[str, Any]:
    """Outputs, the gradient, and the parameters after some steps."""
    net = network(loss)
    gradient = net.gradient(sequences(), labels(loss))
    results = {"outputs": [answer.tolist() for answer in net(sequences())], "gradient": gradient.parameters.tolist()}
    data = pl.data.Sequences(sequences(), labels(loss), classes=["0", "1", "2"])
    taught = pl.Trainer(net, data, loss=loss, optimizer=pl.SGD(0.1), batch_size=9, threads=2)
    return {**results, "losses": taught.take_steps(2).tolist(), "end": net.parameters.tolist()}


def main() -> None:
    json.dump({"lanes": LANES, "plain": PLAIN, **{loss: learned(loss) for loss in STACKS}}, sys.stdout)


if __name__ == "__main__":
    main()
