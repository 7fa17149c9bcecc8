"""What gates are for: RNN, GRU and LSTM with as many units remember one symbol among distractions, ever longer.

Every frame of a sequence shows one of four symbols, and three frames, at random places, are marked. The answer is the
symbol of the last marked frame: a network has to take in a marked symbol, overwrite the previous one, and ignore the
rest. A second table times an epoch of equal size for each layer.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import pellucid as pl
from common import Run, duration, in_turns, ratio, tell, write

SYMBOLS, MARKS, UNITS, TESTED = 4, 3, 32, 500
CELLS: dict[str, Callable[..., Any]] = {"RNN": pl.RNN, "GRU": pl.GRU, "LSTM": pl.LSTM}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", default="10,25,50,100,200", help="lengths of the sequences")
    parser.add_argument("--count", type=int, default=2000, help="sequences to train on (default 2000)")
    parser.add_argument("--epochs", type=int, default=15, help="epochs of training (default 15)")
    parser.add_argument("--seeds", type=int, default=5, help="networks of each kind (default 5)")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each timed epoch (default 9)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    asked = parser.parse_args()
    accuracies = {
        frames: {name: accuracies_of(name, frames, asked) for name in CELLS}
        for frames in map(int, asked.frames.split(","))
    }
    rows = [[str(frames), *map(span, by_cell.values())] for frames, by_cell in accuracies.items()]
    chance = f"test accuracy of {UNITS} units, median (lowest to highest); chance is {1 / SYMBOLS:.0%}"
    tables = [tell(f"The last marked symbol: {chance}", ("frames", *CELLS), rows)]
    seconds = in_turns({name: epoch(cell) for name, cell in CELLS.items()}, asked.rounds)
    rows = [
        [name, f"{parameters(CELLS[name]):,}", duration(float(np.median(took))), f"{ratio(took, seconds['LSTM']):.2f}"]
        for name, took in seconds.items()
    ]
    title = "Training, 512 sequences of 50 frames of 40 numbers, 64 units, one thread"
    tables.append(tell(title, ("layer", "its parameters", "an epoch", "of the LSTM's time"), rows))
    write(asked.json, {"tables": tables, "accuracies": accuracies, "seconds": seconds})


def marked_symbols(count: int, frames: int, seed: int) -> pl.data.Sequences:
    """Return sequences of symbols and marks, and the last marked symbol of each."""
    rng = np.random.default_rng(seed)
    symbols = rng.integers(0, SYMBOLS, (count, frames))
    places = np.argsort(rng.random((count, frames)), axis=1)[:, :MARKS]
    x = np.zeros((count, frames, SYMBOLS + 1), np.float32)
    x[..., :SYMBOLS] = np.eye(SYMBOLS)[symbols]
    np.put_along_axis(x[..., SYMBOLS], places, 1, axis=1)
    labels = symbols[np.arange(count), places.max(axis=1)]
    return pl.data.Sequences(list(x), labels.tolist(), classes=list("abcd"))


def accuracies_of(name: str, frames: int, asked: Any) -> list[float]:
    """Return the test accuracy of each seed."""
    train, test = marked_symbols(asked.count, frames, 0), marked_symbols(TESTED, frames, 1)
    reached = []
    for seed in range(asked.seeds):
        layers = [CELLS[name](UNITS, outputs="last"), pl.Dense(SYMBOLS, "softmax")]
        net = pl.Network(layers, input_shape=(None, SYMBOLS + 1), seed=seed)
        trainer = pl.Trainer(net, train, optimizer=pl.Adam(0.005), batch_size=32, clip=1.0, seed=seed)
        *_, last = trainer.run(asked.epochs, validation=test)
        reached.append(float(last.test_accuracy))
    return reached


def span(accuracies: list[float]) -> str:
    return f"{np.median(accuracies):.1%} ({min(accuracies):.0%} to {max(accuracies):.0%})"


def layers_of(cell: Callable[..., Any]) -> pl.Network:
    return pl.Network([cell(64, outputs="last"), pl.Dense(10, "softmax")], input_shape=(None, 40))


def parameters(cell: Callable[..., Any]) -> int:
    return layers_of(cell).layers[0].parameter_count((None, 40))


def epoch(cell: Callable[..., Any]) -> Run:
    """Prepare an epoch of training steps on one thread."""
    rng = np.random.default_rng(0)
    data = pl.data.Sequences(list(rng.standard_normal((512, 50, 40))), rng.integers(0, 10, 512).tolist())
    trainer = pl.Trainer(layers_of(cell), data, optimizer=pl.Adam(0.001), batch_size=32, threads=1)
    return lambda: trainer.take_steps(16)


if __name__ == "__main__":
    main()
