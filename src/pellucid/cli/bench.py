"""`pellucid bench`: the speed table, for Pellucid and every installed peer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pellucid.cli.page import CommandPage

if TYPE_CHECKING:
    from pellucid.bench import Report, SequenceWork, Work
    from pellucid.bench.work import Floats, Integers

_QUICK_ROUNDS = 3
_QUICK_WORKS = 3
"""Number of training workloads that --quick runs; all inference workloads run, since they are quick."""


@click.command(cls=CommandPage)
@click.option(
    "--data", metavar="NAME|PATH", help="Images to use. Default: mnist, downloaded once; with --quick, digits."
)
@click.option("--quick", is_flag=True, help="Run fewer workloads and rounds, on fewer images.")
@click.option(
    "--thorough",
    is_flag=True,
    help="Run every peer over all images (slow peers stop at 3,000 steps). Takes half an hour.",
)
@click.option("--only", metavar="TEXT", help="Run only workloads with this in their name, such as 'batch 32'.")
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    metavar="COUNT",
    help="Runs of each peer. Default: 5; with --quick, 3.",
)
@click.option(
    "--chart",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    help="Also draw the ratios as a chart; needs matplotlib.",
)
@click.option("--json", is_flag=True, help="Print the report as JSON instead of tables.")
def bench(
    data: str | None,
    quick: bool,
    thorough: bool,
    only: str | None,
    rounds: int | None,
    chart: Path | None,
    json: bool,
) -> int:
    """Measure how fast Pellucid and its peers train and predict.

    All run the same workloads, taking turns in each round. Install the peers with pip install 'pellucid[bench]'.
    """
    from dataclasses import replace

    from pellucid.bench import compare, measure_variants
    from pellucid.bench.measure import ROUNDS
    from pellucid.cli.compiling import announced
    from pellucid.cli.session import check_writable
    from pellucid.cli.terminal import Terminal

    if chart is not None:
        _require_chart()
        check_writable(chart)
    with announced():
        images, labels = _images(data or ("digits" if quick else "mnist"))
        works = _works(images, labels, quick, thorough, only)
        turns = rounds or (_QUICK_ROUNDS if quick else ROUNDS)
        report = compare(works, rounds=turns, limits=not quick, progress=_report_progress)
        if not only:
            report = replace(report, variants=measure_variants(images, labels, rounds=turns, progress=_report_progress))
    if chart is not None:
        _draw(report, chart)
    if json:
        print(report.to_json())
    else:
        from pellucid.bench import render

        Terminal().convert(render(report))
    return 0


def _images(source: str) -> tuple[Floats, Integers]:
    """Return images (N, 784) with values from 0 to 1, and their labels."""
    import numpy as np

    from pellucid.cli.loading import load_data
    from pellucid.cli.terminal import Terminal
    from pellucid.errors import ShapeError
    from pellucid.programs.images import to_unit

    train, _ = load_data(source, Terminal(sys.stderr))
    size = int(np.prod(train.shape))
    if size != 784 or len(train.classes) > 10:
        raise ShapeError(f"The benchmark expected images of 784 pixels and 10 classes; {source} has {size} pixels.")
    return to_unit(train.images.reshape(len(train), size), train.unit_range), train.labels


def _works(
    images: Floats, labels: Integers, quick: bool, thorough: bool, only: str | None
) -> list[Work | SequenceWork]:
    from pellucid.bench import inference_works, sequence_works, training_works
    from pellucid.errors import ConfigurationError

    training = training_works(images, labels, thorough=thorough)
    some = training[:_QUICK_WORKS] if quick else training
    works: list[Work | SequenceWork] = [*some, *sequence_works(), *inference_works(images)]
    chosen = [work for work in works if only is None or only in work.name]
    if not chosen:
        raise ConfigurationError(f"--only expected part of a workload's name, such as {works[0].name!r}; got {only!r}.")
    return chosen


def _report_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _require_chart() -> None:
    from importlib.util import find_spec

    from pellucid.errors import ConfigurationError

    if find_spec("matplotlib") is None:
        raise ConfigurationError("--chart needs matplotlib: pip install 'pellucid[bench]'.")


def _draw(report: Report, path: Path) -> None:
    """Draw the chart into a temporary file beside its destination, then move it there."""
    import io

    from pellucid.bench import chart
    from pellucid.cli.session import unwritable
    from pellucid.system.atomic_write import write_whole

    content = io.BytesIO()
    chart(report, content)  # type: ignore[arg-type]
    try:
        write_whole(path, content.getvalue())
    except OSError as error:
        raise unwritable(path, error) from error
