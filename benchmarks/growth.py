"""Epoch time by images, ink of the first layer, and weights of the later layers, each over a hundredfold range."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import pellucid as pl
from common import Run, duration, in_turns, options, tell, write
from pellucid.bench.peers.pellucid_ import Pellucid
from pellucid.bench.work import TrainingWork

IMAGES = (600, 1_200, 3_000, 6_000, 12_000, 30_000, 60_000)
INK = (7, 14, 35, 70, 140, 350, 784)
HIDDEN = (16, 32, 80, 160, 320, 800, 1_600)
SOME = 3_000
"""Images of an epoch if their number does not grow."""


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--chart", type=Path, metavar="FILE.png", help="draw a chart; needs matplotlib")
    parser.add_argument("--up-to", type=float, default=1.0, help="leave out sizes above this share of the largest")
    asked = parser.parse_args()
    data = pl.data.load(asked.data).train
    images = (data.images.reshape(len(data), -1) / np.float32(255)).astype(np.float32)
    axes = {
        "images": grown(IMAGES, asked, lambda count: work(images, data.labels, limit=count)),
        "inked pixels of an image": grown(INK, asked, lambda ink: work(*drawn(ink))),
        "weights of the later layers": {
            26 * size: run
            for size, run in grown(
                HIDDEN, asked, lambda size: work(images, data.labels, layers=(784, 16, size, 10), limit=SOME)
            ).items()
        },
    }
    measured = [measure(name, runs, asked.rounds) for name, runs in axes.items()]
    rows = [
        [
            line["what"],
            f"{line['sizes'][0]:,} to {line['sizes'][-1]:,}",
            f"{duration(line['seconds'][0])} to {duration(line['seconds'][-1])}",
            f"{duration(line['fixed'])} + {duration(line['each'])} each",
            f"{line['error']:.0%}",
            f"{line['exponent']:.2f}",
        ]
        for line in measured
    ]
    headings = ("what grows", "from, to", "epoch", "straight line", "farthest from it", "exponent at its end")
    table = tell("Growth of the epoch's time, one core", headings, rows)
    if asked.chart:
        draw(measured, asked.chart)
    write(asked.json, {"tables": [table], "growth": measured})


def grown(sizes: tuple[int, ...], asked: Any, make: Callable[[int], Run]) -> dict[int, Run]:
    """Return a run for every size."""
    return {size: make(size) for size in sizes if size <= asked.up_to * sizes[-1]}


def work(images: Any, labels: Any, **options: Any) -> Run:
    """Prepare an epoch on one core."""
    epoch = TrainingWork("growth", images, labels, learning_rate=0.1, **options)
    return Pellucid("1 thread", threads=1).train(epoch)


def drawn(ink: int) -> tuple[Any, Any]:
    """Return images with a given number of inked pixels at random positions, and labels."""
    rng = np.random.default_rng(ink)
    images = np.zeros((SOME, 784), np.float32)
    places = np.argsort(rng.random(images.shape, np.float32), axis=1)[:, :ink]
    np.put_along_axis(images, places, rng.uniform(0.1, 1.0, places.shape).astype(np.float32), axis=1)
    return images, np.arange(SOME) % 10


def measure(name: str, runs: dict[int, Run], rounds: int) -> dict[str, Any]:
    """Time each size, and fit the straight line with the smallest relative errors."""
    repeats = {size: max(1, round(0.01 / seconds)) for size, [seconds] in in_turns(runs, 1).items()}
    several = {size: repeated(run, repeats[size]) for size, run in runs.items()}
    seconds = {size: median(took) / repeats[size] for size, took in in_turns(several, rounds).items()}
    x, y = np.array(list(seconds)), np.array(list(seconds.values()))
    each, fixed = np.polyfit(x, y, 1, w=1 / y)
    line = fixed + each * x
    exponent = np.log(y[-1] / y[-3]) / np.log(x[-1] / x[-3])
    return {
        "what": name,
        "sizes": x.tolist(),
        "seconds": y.tolist(),
        "fixed": float(fixed),
        "each": float(each),
        "error": float(np.abs(line / y - 1).max()),
        "exponent": float(exponent),
    }


def repeated(run: Run, times: int) -> Run:
    """Combine several runs, so that the clock's resolution and first memory accesses do not matter."""

    def runs() -> None:
        for _ in range(times):
            run()

    return runs


def draw(measured: list[dict[str, Any]], path: Path) -> None:
    """Draw one chart for each quantity: times as dots, with the straight line behind them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(10.5, 3.9), dpi=160, layout="constrained", facecolor="white")
    FigureCanvasAgg(sheet)
    for axes, line in zip(sheet.subplots(1, len(measured)), measured, strict=True):
        x, y = np.array(line["sizes"]), 1e3 * np.array(line["seconds"])
        fine = np.geomspace(x[0], x[-1], 200)
        axes.plot(fine, 1e3 * (line["fixed"] + line["each"] * fine), color="#999999", linewidth=1.5)
        axes.plot(x, y, "o", color="#0072B2", markersize=7)
        for place, side, lift in ((0, "left", -16), (-1, "right", 9)):
            axes.annotate(
                f"{y[place]:.3g} ms", (x[place], y[place]), xytext=(0, lift), textcoords="offset points", ha=side
            )
        axes.set(xscale="log", yscale="log", xlabel=line["what"], ylabel="epoch, ms")
        axes.set_ylim(y.min() / 2, 1.9 * y.max())
        axes.set_title(
            f"{1e3 * line['fixed']:.2g} ms + {1e6 * line['each']:.2g} µs each\nwithin {line['error']:.0%}", fontsize=10
        )
        axes.grid(color="#e4e4e4")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    sheet.suptitle("What an epoch's time grows with (logarithmic axes, straight lines fitted), one core", fontsize=12)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.savefig(path, format="png")


if __name__ == "__main__":
    main()
