"""Run every task of examples/gallery beside scikit-learn's MLPClassifier or MLPRegressor, and fill docs/gallery.md.

Both have the same hidden layers, standardised numbers and one core; scikit-learn keeps its defaults. They train in
turns in one process, once for each seed, which draws the split or the data, the weights and the order of the examples.
The time is that of `learn` and of `fit`, after a first turn that does not count.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

import pellucid as pl
from common import duration, one_core, ratio, tell, write
from page import filled, markdown
from pellucid.bench.machine import blas_threads

ROOT = Path(__file__).parent.parent
GALLERY = ROOT / "examples" / "gallery"
PAGE = ROOT / "docs" / "gallery.md"
HEADINGS = (
    "task", "score", "Pellucid", "scikit-learn", "better–equal–worse", "Pellucid's time", "scikit-learn's time", "ratio"
)  # fmt: skip

SCORES = {
    "accuracy": ("breast_cancer", "digits", "iris", "moons", "waves", "wine"),
    "all labels right": ("labels",),
    "R2": ("diabetes", "friedman", "lorenz", "picture", "swiss_roll"),
}
"""What the score of each task is."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="names of tasks, separated by commas")
    parser.add_argument("--seeds", type=int, default=15, help="trainings of each network (default 15)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--page", type=Path, metavar="FILE", help="the page whose table is filled")
    asked = parser.parse_args()
    one_core()
    seeds = range(asked.first, asked.first + asked.seeds)
    chosen = asked.only.split(",") if asked.only else sorted(path.stem for path in GALLERY.glob("*.py"))
    with blas_threads(1):
        tasks = {name: beside(task(name), seeds) for name in chosen}
    about = f"median of {len(seeds)} seeds, one core, scikit-learn {sklearn.__version__}"
    table = tell(f"The gallery: {about}", HEADINGS, [row(name, measured) for name, measured in tasks.items()])
    write(asked.json, {"tables": [table], "tasks": tasks})
    if asked.page:
        text = filled(asked.page.read_text(encoding="utf-8"), "gallery", markdown(HEADINGS, table["rows"]))
        asked.page.write_text(text, encoding="utf-8")


def task(name: str) -> ModuleType:
    """Import an example."""
    spec = importlib.util.spec_from_file_location(name, GALLERY / f"{name}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"There is no task {name} in {GALLERY}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def beside(example: ModuleType, seeds: range) -> dict[str, dict[str, list[float]]]:
    """Return scores and seconds of both, for each seed."""
    measured: dict[str, dict[str, list[float]]] = {
        peer: {"scores": [], "seconds": []} for peer in ("Pellucid", "scikit-learn")
    }
    for seed in (seeds[0], *seeds):
        x, test_x, y, test_y = example.data(seed)
        net, own = timed(example.learn, x, y, seed)
        mlp, peers = timed(fit, net, x, y, seed)
        scores = example.score(net, test_x, test_y), mlp.score(rows(test_x), column(test_y))
        for (_, lists), score, seconds in zip(measured.items(), scores, (own, peers), strict=True):
            lists["scores"].append(float(score))
            lists["seconds"].append(seconds)
    return {peer: {what: values[1:] for what, values in lists.items()} for peer, lists in measured.items()}


def timed(run: Callable[..., Any], *given: Any) -> tuple[Any, float]:
    gc.collect()
    begin = time.perf_counter()
    made = run(*given)
    return made, time.perf_counter() - begin


def fit(net: pl.Network, x: Any, y: Any, seed: int) -> Any:
    """Fit scikit-learn's network of the same hidden layers; it reads a sequence as one row."""
    hidden = tuple(getattr(layer, "hidden_size", None) or layer.out_features for layer in net.layers[:-1])
    peer = MLPClassifier if y.dtype.kind == "i" else MLPRegressor
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return peer(hidden_layer_sizes=hidden, random_state=seed).fit(rows(x), column(y))


def rows(x: Any) -> Any:
    return x.reshape(len(x), -1)


def column(y: Any) -> Any:
    return y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y


def row(name: str, measured: dict[str, dict[str, list[float]]]) -> list[str]:
    own, peer = measured["Pellucid"], measured["scikit-learn"]
    score = next(score for score, names in SCORES.items() if name in names)
    shown = [figure(score, median(each["scores"])) for each in (own, peer)]
    times = [duration(median(each["seconds"])) for each in (own, peer)]
    pairs = list(zip(own["scores"], peer["scores"], strict=True))
    against = f"{sum(a > b for a, b in pairs)}–{sum(a == b for a, b in pairs)}–{sum(a < b for a, b in pairs)}"
    return [name, score, *shown, against, *times, f"{ratio(peer['seconds'], own['seconds']):.3g}×"]


def figure(score: str, value: float) -> str:
    return f"{value:.3f}" if score == "R2" else f"{value:.1%}"


if __name__ == "__main__":
    main()
