"""Train pellucid.sklearn's estimators beside scikit-learn's networks to the same score; fill docs/scikit-learn.md.

Both have the same parameters: a hidden layer of 100 ReLU neurons, and Adam; the same standardised numbers, one core.
For every seed, which draws the weights and the order, the first number of epochs is searched after which each reaches
the score on held-out data. Then both are fitted for their epochs in five turns. The time is that of the
processor in `fit`: it is the time that passes, if no other process uses the core.
"""

from __future__ import annotations

import argparse
import functools
import gc
import os
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler, scale

from common import duration, one_core, ratio, tell, write
from page import filled, markdown
from pellucid.bench.machine import blas_threads
from pellucid.sklearn import NetworkClassifier, NetworkRegressor

HEADINGS = (
    "data", "rows x features", "score to reach", "batch", "Pellucid's epochs", "scikit-learn's", "Pellucid's time",
    "scikit-learn's", "ratio",
)  # fmt: skip
PEERS = {True: (NetworkClassifier, MLPClassifier), False: (NetworkRegressor, MLPRegressor)}
MOST = 400
"""Epochs after which a score is given up."""

TURNS = 5
"""Fits of each for a seed, of whose times the median counts."""


class Data(NamedTuple):
    """A data set: what loads it, whether it has classes, and the score to reach, near the best of either network."""

    load: Callable[..., Any]
    classes: bool
    score: float


DATA = {
    "breast_cancer": Data(load_breast_cancer, True, 0.96),
    "diabetes": Data(load_diabetes, False, 0.38),
    "digits": Data(load_digits, True, 0.97),
    "friedman": Data(lambda return_X_y: make_friedman1(2000, noise=1.0, random_state=0), False, 0.92),
    "wine": Data(load_wine, True, 0.97),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="names of data sets, separated by commas")
    parser.add_argument("--batches", default="32,200", help="sizes of mini-batches (default 32,200)")
    parser.add_argument("--seeds", type=int, default=9, help="fits of each network (default 9)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--page", type=Path, metavar="FILE", help="the page whose table is filled")
    asked = parser.parse_args()
    one_core()
    names = asked.only.split(",") if asked.only else list(DATA)
    load = os.getloadavg()
    with blas_threads(1):
        fits = {
            f"{name}, batch {size}": beside(DATA[name], size, range(asked.seeds))
            for name in names
            for size in map(int, asked.batches.split(","))
        }
    about = f"median of {asked.seeds} seeds, one core, scikit-learn {sklearn.__version__}"
    table = tell(f"To the same score: {about}", HEADINGS, [row(name, measured) for name, measured in fits.items()])
    write(asked.json, {"tables": [table], "fits": fits, "load": {"before": load, "after": os.getloadavg()}})
    if asked.page:
        text = filled(asked.page.read_text(encoding="utf-8"), "estimators", markdown(HEADINGS, table["rows"]))
        asked.page.write_text(text, encoding="utf-8")


def beside(data: Data, batch_size: int, seeds: range) -> dict[str, dict[str, list[float]]]:
    """Return epochs and seconds of both, for each seed in which both reach the score."""
    measured: dict[str, dict[str, list[float]]] = {
        peer: {"epochs": [], "seconds": []} for peer in ("Pellucid", "scikit-learn")
    }
    parts = split(data)
    for seed in seeds:
        makers = [maker(kind, batch_size, seed) for kind in PEERS[data.classes]]
        epochs = [search(make, data.score, parts) for make in makers]
        if None in epochs:
            continue
        seconds_of = in_turns([functools.partial(make, most) for make, most in zip(makers, epochs, strict=True)], parts)
        for lists, most, seconds in zip(measured.values(), epochs, seconds_of, strict=True):
            lists["epochs"].append(float(most or 0))
            lists["seconds"].append(median(seconds))
    return measured


def split(data: Data) -> tuple[Any, Any, Any, Any]:
    """Return x and y of the examples to train on and of those held out; standardised."""
    x, y = data.load(return_X_y=True)
    y = y if data.classes else scale(y)
    x, held_x, y, held_y = train_test_split(x, y, test_size=0.4, random_state=0, stratify=y if data.classes else None)
    scaler = StandardScaler().fit(x)
    return scaler.transform(x), y, scaler.transform(held_x), held_y


def maker(kind: Any, batch_size: int, seed: int) -> Callable[[Any], Any]:
    """Return what makes an estimator for so many epochs; it trains for all of them."""
    return lambda epochs: kind(batch_size=batch_size, max_iter=epochs, n_iter_no_change=np.inf, random_state=seed)


def search(make: Callable[[Any], Any], score: float, parts: tuple[Any, Any, Any, Any]) -> int | None:
    """Return the first number of epochs, of those in `steps`, after which the held-out score is reached."""
    x, y, held_x, held_y = parts
    return next((epochs for epochs in steps() if fitted(make(epochs), x, y).score(held_x, held_y) >= score), None)


def steps() -> Iterator[int]:
    """Yield numbers of epochs, each about an eighth more than the last."""
    epochs = 1
    while epochs <= MOST:
        yield epochs
        epochs += max(1, epochs // 8)


def fitted(model: Any, x: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x, y)


def in_turns(makes: list[Callable[[], Any]], parts: tuple[Any, Any, Any, Any]) -> list[list[float]]:
    """Return the processor's seconds of each fit: A B, A B, and so on, after a first turn that does not count.

    On a core of one's own, they are the seconds that pass.
    """
    gc.collect()
    gc.disable()
    try:
        turns = [[timed(make(), parts) for make in makes] for _ in range(TURNS + 1)]
    finally:
        gc.enable()
    return [list(seconds) for seconds in zip(*turns[1:], strict=True)]


def timed(model: Any, parts: tuple[Any, Any, Any, Any]) -> float:
    begin = time.process_time()
    fitted(model, *parts[:2])
    return time.process_time() - begin


def row(name: str, measured: dict[str, dict[str, list[float]]]) -> list[str]:
    name, _, batch = name.partition(", batch ")
    data, (own, peer) = DATA[name], measured.values()
    x = data.load(return_X_y=True)[0]
    score = f"{data.score:.0%} accuracy" if data.classes else f"R2 {data.score:g}"
    epochs = [f"{median(each['epochs']):g}" for each in (own, peer)]
    times = [duration(median(each["seconds"])) for each in (own, peer)]
    faster = f"{ratio(peer['seconds'], own['seconds']):.3g}×"
    return [name, f"{len(x):,} x {x.shape[1]}", score, batch, *epochs, *times, faster]


if __name__ == "__main__":
    main()
