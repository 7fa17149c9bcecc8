"""Fill the tables of docs/performance.md from the files in benchmarks/results; `--check` only lists what is missing."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from common import RESULTS, duration
from pellucid.bench import Report, load
from pellucid.bench.report import figure, fitting, mark, rivals, shares

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

AIMS: tuple[tuple[str, str, float], ...] = (
    ("train 784-16-16-10, batch 32", "PyTorch", 25),
    ("train 784-16-16-10, batch 32", "JAX", 4.5),
    ("train 784-16-16-10, batch 32", "scikit-learn", 15),
    ("train 784-16-16-10, batch 32", "NumPy", 4.5),
    ("train 784-16-16-10, batch 10", "PyTorch", 70),
    ("train 784-16-16-10, batch 10", "JAX", 8),
    ("train 784-16-16-10, batch 10", "NumPy", 12),
    ("train 784-16-16-10, batch 128", "PyTorch", 7),
    ("train 784-16-16-10, batch 128", "JAX", 3),
    ("train 784-16-16-10, batch 1", "PyTorch", 150),
    ("read one image at a time", "ONNX Runtime", 3),
    ("read one image at a time", "PyTorch", 10),
    ("read 10,000 images at once", "PyTorch", 3),
    ("read 10,000 images at once", "ONNX Runtime", 1),
    ("train 784-512-512-10, batch 32", "PyTorch", 2),
    ("train 784-512-512-10, batch 128", "PyTorch", 1),
    ("train LeNet-5, batch 32", "PyTorch", 8),
    ("train LeNet-5, batch 128", "PyTorch", 5),
    ("read 10,000 images with LeNet-5", "PyTorch", 3),
)
"""A workload, a peer, and the goal: how many times faster than this peer Pellucid should be."""

MOST = {"ReLU": 1.5, "momentum": 1.5, "Adam": 1.5, "augmentation": 4.0}
"""How many times as long as a plain epoch an epoch with that change may take."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--check", action="store_true", help="change nothing")
    asked = parser.parse_args()
    text = asked.page.read_text(encoding="utf-8")
    for name in re.findall(r"<!-- table (\S+) -->", text):
        try:
            text = filled(text, name, TABLES[name](asked.results))
        except FileNotFoundError as error:
            print(f"{name}: no results yet ({error.filename})")
    if not asked.check:
        asked.page.write_text(text, encoding="utf-8")


def filled(text: str, name: str, content: str) -> str:
    """Return the page with new content between the marks of a name."""
    begin, end = f"<!-- table {name} -->", f"<!-- end {name} -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{content}\n{end}{rest.partition(end)[2]}"


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a table; all columns except the first are aligned to the right."""
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def kept(name: str, number: int = 0) -> Callable[[Path], str]:
    """Format a table as its script saved it."""

    def table(results: Path) -> str:
        found = read(results, name)["tables"][number]
        return markdown(found["headings"], found["rows"])

    return table


def read(results: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
    return content


def ratios(results: Path) -> str:
    """Return how many times as long each peer takes, with the lowest and highest of the rounds."""
    report = load(results / "bench.json")
    names = rivals(report)
    rows = []
    for result in report.results:
        best = {entry.peer: entry for entry in result.best()}
        own = best[report.baseline]
        cells = []
        for name in names:
            entry = best.get(name)
            low, high = entry.spread if entry else (0.0, 0.0)
            cells.append(f"{figure(entry.ratio)}×{mark(entry)} ({figure(low)}–{figure(high)})" if entry else "–")
        count = result.images if result.training else 1
        rows.append([result.work, fitting(count / own.images_per_second), *cells])
    return markdown(["work", report.baseline, *names], rows)


def limits(results: Path) -> str:
    """Return the limits of the machine, and the share that is used."""
    report = load(results / "bench.json")
    rows = []
    for result in report.results:
        if report.limits and result.network in ("dense", "lstm"):
            own = next(entry for entry in result.best() if entry.peer == report.baseline)
            arithmetic, memory = shares(own, result, report.ink, report.limits)
            rows.append([result.work, f"{arithmetic:.0%}", f"{memory:.0%}"])
    return markdown(["work", "of the sgemm rate, ink's arithmetic", "of the memory bandwidth, ink's bytes"], rows)


def machine(results: Path) -> str:
    """Return where and when the results were measured."""
    report = load(results / "bench.json")
    versions = {entry.peer: entry.version for result in report.results for entry in result.entries}
    told = f"{report.machine.processor}, {report.machine.cores} cores, {report.machine.system}, {report.created[:10]}; "
    told += ", ".join(f"{peer} {version}" for peer, version in versions.items()) + "."
    if report.limits:
        one = f"{report.limits.sgemm_one / 1e9:.0f} GFLOP/s on one core, " if report.limits.sgemm_one else ""
        told += (
            f" Limits measured: sgemm {one}{report.limits.sgemm_all / 1e9:.0f} on all; copying "
            f"{report.limits.copy_one / 1e9:.1f} GB/s on one core, {report.limits.copy_all / 1e9:.1f} on all."
        )
    return told


def itself(results: Path) -> str:
    """Return the times of Pellucid with one change."""
    report = load(results / "bench.json")
    rows = [[each.name, fitting(median(each.seconds)), f"{figure(each.ratio)}×"] for each in report.variants]
    return markdown(["what", "time", "times as long"], rows)


def aims(results: Path) -> str:
    """Return the goals, and whether they are reached."""
    report = load(results / "bench.json")
    rows = [*peer_aims(report), *own_aims(report)]
    climb, start = read(results, "to_95"), read(results, "start")
    of = {name: median(took) for name, took in start["seconds"].items()}
    bare = of["bare Python"]
    rows += [
        most("random weights to 95 % of MNIST's test images, one core", climb["seconds"] or float("inf"), 0.4),
        most("`import pellucid`, beyond bare Python", of["import pellucid"] - bare, 0.15),
        most("the same with its first network", of["import pellucid, first network"] - bare, None),
        most("`pellucid read` of one PNG, whole process", of["pellucid read of one PNG"], 0.8),
    ]
    if "compilation" in start:
        rows.append(most("first compilation on a machine", start["compilation"]["compiling"], 12))
    megabytes = max(start["memory"].values()) / 1e6
    rows.append(["peak memory, training on MNIST", "at most 400 MB", f"{megabytes:.0f} MB", verdict(megabytes <= 400)])
    return markdown(["what", "aim", "measured", ""], rows)


def peer_aims(report: Report) -> list[list[str]]:
    rows = []
    for result in report.results:
        for entry in result.best():
            for work, peer, aim in AIMS:
                if (result.work, entry.peer) == (work, peer):
                    told = [f"at least {figure(aim)}×", f"{figure(entry.ratio)}×", verdict(entry.ratio >= aim)]
                    rows.append([f"{work}, against {peer}", *told])
    return rows


def own_aims(report: Report) -> list[list[str]]:
    rows = []
    for each in report.variants:
        if each.name in MOST:
            told = [f"at most {MOST[each.name]:g}×", f"{figure(each.ratio)}×", verdict(each.ratio <= MOST[each.name])]
            rows.append([f"{each.name}, against a plain epoch", *told])
        elif each.name != each.than and "networks" in each.name:
            told = ["at least 1.8×", f"{figure(1 / each.ratio)}×", verdict(1 / each.ratio >= 1.8)]
            rows.append([f"{each.name}, against {each.than}", *told])
    return rows


def most(what: str, seconds: float, aim: float | None) -> list[str]:
    if aim is None:
        return [what, "–", duration(seconds), ""]
    return [what, f"at most {duration(aim)}", duration(seconds), verdict(seconds <= aim)]


def verdict(reached: bool) -> str:
    return "reached" if reached else "**missed**"


TABLES: dict[str, Callable[[Path], str]] = {
    "ratios": ratios,
    "limits": limits,
    "machine": machine,
    "itself": itself,
    "aims": aims,
    "ideas": kept("ideas"),
    "growth": kept("growth"),
    "to_95": kept("to_95"),
    "processes": kept("start", 0),
    "memory": kept("start", 1),
    "compilation": kept("start", 2),
}
"""Tables by their names in the page."""


if __name__ == "__main__":
    main()
