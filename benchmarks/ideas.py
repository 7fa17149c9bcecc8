"""What each idea of the engine is worth: an epoch with it and an epoch without it, each in its own process.

Some ideas are data or options that any user can switch off. The width of the lanes, the tile and the transposed copies
are compiled in, so the process changes the constant or the kernel and compiles into its own folder.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from common import Seconds, duration, in_turns, options, ratio, tell, timed, write

SMALL, WIDE = (16, 16), (512, 512)


@dataclass(frozen=True)
class Way:
    """One variant of an epoch: its environment, and the changes that its process makes before it compiles."""

    name: str
    change: str = "none"
    lanes: str = ""
    hidden: tuple[int, ...] = SMALL
    batch: int = 32
    images: int = 60_000
    threads: int = 1

    @property
    def compiled(self) -> bool:
        """Whether it needs its own compilation."""
        return bool(self.lanes) or self.change.startswith(("tile", "rows", "panel"))


IDEAS: dict[str, list[Way]] = {
    "lanes": [
        Way("as wide as the registers"),
        Way("4 lanes", lanes="4"),
        Way("8 lanes", lanes="8"),
        Way("16 lanes", lanes="16"),
    ],
    "lanes, 784-512-512-10": [
        Way("as wide as the registers", hidden=WIDE, images=3_200),
        Way("4 lanes", lanes="4", hidden=WIDE, images=3_200),
        Way("8 lanes", lanes="8", hidden=WIDE, images=3_200),
        Way("16 lanes", lanes="16", hidden=WIDE, images=3_200),
    ],
    "ink": [Way("ink only"), Way("every pixel", change="dense")],
    "levels": [Way("bytes"), Way("floats", change="floats")],
    "transposed copies": [
        Way("transposed copies of the later weights"),
        Way("rows and sums across lanes", change="rows"),
    ],
    "transposed copies, 784-256-256-10, batch 128": [
        Way("transposed copies of the later weights", hidden=(256, 256), batch=128, images=6_400),
        Way("rows and sums across lanes", change="rows", hidden=(256, 256), batch=128, images=6_400),
    ],
    "no gradient": [
        Way("steps added to the parameters"),
        Way("a gradient first, then the step", change="stored"),
    ],
    "no gradient, batch 1": [
        Way("steps added to the parameters", batch=1, images=12_800),
        Way("a gradient first, then the step", change="stored", batch=1, images=12_800),
    ],
    "no gradient, 784-512-512-10": [
        Way("steps added to the parameters", hidden=WIDE, images=3_200),
        Way("a gradient first, then the step", change="stored", hidden=WIDE, images=3_200),
    ],
    "panels of the first layer, 784-512-512-10": [
        Way("64 outputs at a time", hidden=WIDE, images=3_200),
        Way("all outputs at a time", change="panel", hidden=WIDE, images=3_200),
    ],
    "tiles, batch 1024": [
        Way("128 images", batch=1024),
        Way("16 images", change="tile 16", batch=1024),
        Way("1024 images", change="tile 1024", batch=1024),
    ],
    "tiles, 784-512-512-10, batch 1024": [
        Way("128 images", hidden=WIDE, batch=1024, images=4_096),
        Way("16 images", change="tile 16", hidden=WIDE, batch=1024, images=4_096),
        Way("1024 images", change="tile 1024", hidden=WIDE, batch=1024, images=4_096),
    ],
    "threads": [Way("one thread"), Way("two threads", threads=2)],
    "threads, 784-512-512-10, batch 128": [
        Way("one thread", hidden=WIDE, batch=128, images=6_400),
        Way("two threads", hidden=WIDE, batch=128, images=6_400, threads=2),
    ],
}
"""The first variant of each idea is what Pellucid does; the others are compared with it."""


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--only", metavar="TEXT", default="", help="run only ideas with this in their name")
    parser.add_argument("--images", type=int, default=60_000, help="maximum number of images of an epoch")
    parser.add_argument("--child", nargs=2, metavar=("IDEA", "WAY"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        serve(IDEAS[asked.child[0]][int(asked.child[1])], asked.data, asked.images)
        return
    measured, rows = {}, []
    with tempfile.TemporaryDirectory() as folder:
        for idea in [idea for idea in IDEAS if asked.only in idea]:
            seconds = measure(idea, folder, asked)
            measured[idea] = seconds
            rows += told(idea, seconds)
    table = tell("What each idea is worth: epochs", ("idea", "way", "an epoch", "times as long"), rows)
    write(asked.json, {"tables": [table], "ideas": measured})


def told(idea: str, seconds: dict[str, list[float]]) -> list[list[str]]:
    """Return the rows of an idea."""
    first = next(iter(seconds.values()))
    return [
        [idea if number == 0 else "", name, duration(median(own)), "1" if number == 0 else f"{ratio(own, first):.2f}"]
        for number, (name, own) in enumerate(seconds.items())
    ]


def measure(idea: str, folder: str, asked: Any) -> dict[str, list[float]]:
    """Start a process for each variant, and let them take turns."""
    children = [start(idea, number, folder, asked) for number in range(len(IDEAS[idea]))]
    try:
        runs = {way.name: asking(child) for way, child in zip(IDEAS[idea], children, strict=True)}
        return in_turns(runs, asked.rounds)
    finally:
        for child in children:
            child.communicate("")


def start(idea: str, number: int, folder: str, asked: Any) -> subprocess.Popen[str]:
    """Start the process of one variant, and wait until it is ready."""
    way = IDEAS[idea][number]
    environment = dict(os.environ)
    if way.lanes:
        environment["PELLUCID_LANES"] = way.lanes
    if way.compiled:
        environment["PELLUCID_CACHE"] = str(Path(folder) / f"{way.change}-{way.lanes}")
    command = [sys.executable, __file__, "--child", idea, str(number), "--data", asked.data]
    child = subprocess.Popen(
        [*command, "--images", str(asked.images)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if child.stdout is None or child.stdout.readline() != "ready\n":
        raise SystemExit(f"{idea}, {way.name}: the process failed to start, see above.")
    return child


def asking(child: subprocess.Popen[str]) -> Callable[[], Seconds]:
    """Return a run that asks a process for one epoch."""
    reader, writer = child.stdout, child.stdin
    if reader is None or writer is None:
        raise SystemExit("The process has no pipes.")

    def run() -> Seconds:
        print("run", file=writer, flush=True)
        return Seconds(reader.readline())

    return run


def serve(way: Way, source: str, most: int) -> None:
    """Run as the process of one variant: apply the changes, prepare, and run an epoch for every line of input."""
    if way.change.startswith("tile"):
        set_tile(int(way.change.split()[1]))
    if way.change == "rows":
        without_transposed_copies()
    if way.change == "panel":
        without_panels()
    if way.compiled:
        compile_training_only()  # after the changes: it imports the whole engine
    run = epoch(way, source, most)
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(timed(run), flush=True)


def epoch(way: Way, source: str, most: int) -> Callable[[], object]:
    """Run an epoch of the trainer's own steps."""
    import numpy as np

    import pellucid as pl
    from common import network
    from pellucid.programs import packing
    from pellucid.programs.dense_stepper import DenseStepper
    from pellucid.programs.feed import Feed
    from pellucid.programs.image_targets import class_targets
    from pellucid.programs.interface import StepperOptions
    from pellucid.training.shuffling import Shuffled

    data = pl.data.load(source).train
    count = min(way.images, most, len(data))
    flat_inputs = data.images[:count].reshape(count, -1)
    if way.change in ("floats", "dense"):
        flat_inputs = (flat_inputs / np.float32(255)).astype(np.float32)
    if way.change == "dense":
        vars(packing)["MAX_SPARSE_INPUTS"] = 0  # images with more inputs than this are stored dense
    feed = Feed(flat_inputs, None)
    net, optimizer = network(way.hidden), pl.SGD(0.1)
    options = StepperOptions(optimizer, "cross_entropy", way.batch, threads=way.threads)
    stepper = net.program.stepper(options, sparse=feed.is_sparse)
    if way.change == "stored" and isinstance(stepper, DenseStepper):
        stepper.direct = False
    steps = -(-count // way.batch)
    batches, _ = Shuffled(feed, class_targets(data.labels[:count]), 0, options.batch_size).batches(0, 0, steps)
    rates = optimizer.step_rates(np.full(steps, 0.1), np.arange(steps))
    return lambda: stepper.run(batches, 0, steps, optimizer, rates)


def compile_training_only() -> None:
    """Compile in this process, which has the changes, without the entry points that no epoch calls."""
    from pellucid.engine.compiler import build, library
    from pellucid.engine.compiler import kernels as compiler
    from pellucid.engine.programs import dense_entries as entries

    for name in set(entries.ENTRIES) - {"train", "collect", "collect_bytes"}:
        del entries.ENTRIES[name]
    compiler.SHARED.clear()  # no other part of the engine calls this one
    library.default_library.compiler = lambda parts: {"dense": build.compile_part("dense")}


def set_tile(images: int) -> None:
    """Set the number of images of a tile, before anything reads it."""
    from pellucid.engine.programs import table

    vars(table).update(TILE=images, NOTHING=3 * images, UNITY=3 * images + 16)


def without_panels() -> None:
    """Compute all sums of a wide first layer for one image before the next image."""
    from pellucid.engine.kernels import first_layer

    vars(first_layer).update(PANEL=1 << 20)


def without_transposed_copies() -> None:
    """Let the backward pass read the weights in place: a sum across lanes for every element of the result."""
    import numpy as np

    from pellucid.engine.compiler.kernels import kernel
    from pellucid.engine.kernels import dense
    from pellucid.engine.records import Matrix, Part, Sizes, Vector
    from pellucid.engine.simd.barrier import share
    from pellucid.engine.simd.lanes import LANES, fma, load_first, splat
    from pellucid.engine.simd.reductions import sum_lanes

    zero = np.float32(0.0)

    @kernel
    def as_they_are(to: Matrix, w: Vector, d: int, k: int, part: Part) -> None:
        begin, end = share(part, d, 4)
        for i in range(begin * k, end * k):
            to.memory[to.at + i] = w.memory[w.at + i]

    @kernel
    def input_gradient(dx: Matrix, delta: Matrix, w: Matrix, sizes: Sizes, part: Part) -> None:
        begin, end = share(part, sizes.d, 4)
        for i in range(sizes.n):
            for j in range(begin, end):
                total = splat(zero, LANES)
                for m in range(0, sizes.k, LANES):
                    a = load_first(delta.memory, delta.at + i * delta.stride + m, sizes.k - m, LANES)
                    b = load_first(w.memory, w.at + j * sizes.k + m, sizes.k - m, LANES)
                    total = fma(a, b, total)
                dx.memory[dx.at + i * dx.stride + j] = sum_lanes(total)

    vars(dense).update(transpose_weights=as_they_are, input_gradient=input_gradient)


if __name__ == "__main__":
    main()
