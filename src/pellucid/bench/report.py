"""The report: a table of the ratios, a table of the limits, and a chart."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pellucid.bench.limits import Limits, cost
from pellucid.bench.results import Entry, Result
from pellucid.bench.suite import Report

if TYPE_CHECKING:
    from pathlib import Path


def render(report: Report) -> Group:
    """Return the report's tables and notes, for a rich console to print."""
    parts: list[RenderableType] = [_ratios(report)]
    if report.limits:
        parts += [Text(), _shares(report, report.limits)]
    if report.variants:
        parts += [Text(), _itself(report)]
    return Group(*parts, Text(), *(Text(line, style="dim") for line in _notes(report)))


def rivals(report: Report) -> list[str]:
    """Return the names of the peers with any results, except the baseline, in the order of the tables."""
    names = [entry.peer for result in report.results for entry in result.entries]
    return [name for name in dict.fromkeys(names) if name != report.baseline]


def _ratios(report: Report) -> Table:
    machine = report.machine
    table = Table(
        title=f"How many times faster {report.baseline} is",
        caption=f"{machine.processor}, {machine.cores} cores. Medians of {report.rounds} rounds, "
        "below them the lowest and highest; "
        f"below each workload, the time of {report.baseline}.",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        leading=1,
    )
    table.add_column("work", min_width=14)
    for name in rivals(report):
        table.add_column(_narrow(name), justify="right", no_wrap=True)
    for result in report.results:
        best = {entry.peer: entry for entry in result.best()}
        cells = [_ratio_cell(best.get(name)) for name in rivals(report)]
        work = Text(result.work).append(f"\n{duration(best[report.baseline], result)}", style="dim")
        table.add_row(work, *cells)
    return table


def _narrow(name: str) -> str:
    r"""Break a heading at a natural place, so that seven columns fit into 80 characters.

    Examples
    --------
    >>> _narrow("torch.compile"), _narrow("ONNX Runtime")
    ('torch.\ncompile', 'ONNX\nRuntime')
    """
    return name.replace(".", ".\n").replace("-", "-\n").replace(" ", "\n")


def _ratio_cell(entry: Entry | None) -> Text:
    if entry is None:
        return Text("–", style="dim")
    low, high = entry.spread
    text = Text(f"{figure(entry.ratio)}×", style="bold" if entry.ratio >= 1 else "bold yellow")
    text.append(mark(entry), style="bold red")
    text.append(f"\n{figure(low)}–{figure(high)}", style="dim not bold")
    return text


def mark(entry: Entry) -> str:
    """Return a mark for an entrant with a different result from the baseline."""
    return "" if entry.agrees else " !"


def figure(value: float) -> str:
    """Return a ratio with two or three digits.

    Examples
    --------
    >>> [figure(value) for value in (0.876, 4.56, 23.4, 151.7)]
    ['0.88', '4.6', '23', '152']
    """
    if value < 1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def duration(entry: Entry, result: Result) -> str:
    """Return the time of an epoch, or of inference on one image, in a suitable unit."""
    count, what = (result.images, "an epoch") if result.training else (1, "an image")
    return f"{fitting(count / entry.images_per_second)} {what}"


def fitting(seconds: float) -> str:
    """Return seconds in a suitable unit.

    Examples
    --------
    >>> [fitting(value) for value in (2.5, 0.0345, 0.0000072)]
    ['2.5 s', '34.5 ms', '7.2 µs']
    """
    unit, scale = next(((u, s) for u, s in (("s", 1.0), ("ms", 1e-3)) if seconds >= s), ("µs", 1e-6))
    return f"{seconds / scale:.3g} {unit}"


def _shares(report: Report, limits: Limits) -> Table:
    table = Table(
        title=f"The cost of an image, and the share of the limits that {report.baseline} reaches",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("work", min_width=16)
    for heading in ("kFLOP", "on ink", "bytes", "on ink", "GFLOP/s", "of sgemm", "of memory"):
        table.add_column(heading, justify="right")
    for result in report.results:
        if result.network not in ("dense", "lstm"):
            continue
        entry = next(each for each in result.best() if each.peer == report.baseline)
        paper = cost(result.layers, result.batch_size, frames=result.frames)
        ink = cost(result.layers, result.batch_size, report.ink, result.frames)
        arithmetic, memory = shares(entry, result, report.ink, limits)
        table.add_row(
            result.work,
            f"{paper.flops / 1e3:.1f}",
            f"{ink.flops / 1e3:.1f}",
            f"{paper.bytes:.0f}",
            f"{ink.bytes:.0f}",
            f"{ink.flops * entry.images_per_second / 1e9:.1f}",
            f"{arithmetic:.0%}",
            f"{memory:.0%}",
        )
    return table


def _itself(report: Report) -> Table:
    table = Table(title="Pellucid compared with itself", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("what", min_width=16)
    for heading in ("time", "times as long", "lowest", "highest"):
        table.add_column(heading, justify="right")
    for variant in report.variants:
        ratios = [f"{figure(value)}×" for value in (variant.ratio, min(variant.ratios), max(variant.ratios))]
        table.add_row(variant.name, fitting(median(variant.seconds)), *ratios)
    return table


def shares(entry: Entry, result: Result, ink: float, limits: Limits) -> tuple[float, float]:
    """Return the shares of the sgemm rate and the memory bandwidth that an entrant uses.

    Only the arithmetic and bytes of ink count. An entrant with one thread is compared with one core.
    """
    image = cost(result.layers, result.batch_size, ink, result.frames)
    one = entry.threads == 1
    sgemm = limits.sgemm_one if one and limits.sgemm_one else limits.sgemm_all
    memory = limits.copy_one if one else limits.copy_all
    return image.flops * entry.images_per_second / sgemm, image.bytes * entry.images_per_second / memory


def _notes(report: Report) -> list[str]:
    lines = []
    if report.limits:
        one = f"{report.limits.sgemm_one / 1e9:.0f} GFLOP/s on one core, " if report.limits.sgemm_one else ""
        lines.append(
            f"Limits measured: sgemm {one}{report.limits.sgemm_all / 1e9:.0f} on all; memory copy "
            f"{report.limits.copy_one / 1e9:.1f} GB/s on one core, {report.limits.copy_all / 1e9:.1f} on all. "
            f"Ink: {report.ink:.0f} values per image are not zero."
        )
    versions = {entry.peer: entry.version for result in report.results for entry in result.entries}
    lines.append("Versions: " + ", ".join(f"{peer} {version}" for peer, version in versions.items()) + ".")
    lines += [f"{label}: {state}" for label, state in report.peers.items() if state not in versions.values()]
    lines.append("The fastest variant of each peer counts. Times exclude preparation and compilation.")
    lines += [note for result in report.results for note in _result_notes(result)]
    return lines


def _result_notes(result: Result) -> list[str]:
    notes = []
    for entry in result.best():
        if entry.images < result.images:
            notes.append(
                f"{result.work}: {entry.peer} ran {entry.images:,} of {result.images:,} images; speed per image."
            )
        if not entry.agrees:
            off = "not a number" if entry.difference is None else f"{entry.difference:.2g}"
            notes.append(f"! {result.work}: {entry.peer} and {result.baseline} have different results ({off} off).")
    noteworthy = ("failed", "not timed again")
    for label, reason in result.skipped.items():
        if any(part in reason for part in noteworthy):
            notes.append(f"{result.work}: {label}: {reason}")
    return notes


# The colours of Okabe and Ito are distinct for common kinds of colour blindness; the shapes are distinct in grey.
_LOOKS = (("#D55E00", "o"), ("#E69F00", "s"), ("#0072B2", "^"), ("#009E73", "D"), ("#CC79A7", "v"), ("#56B4E9", "P"))


def chart(report: Report, path: str | Path) -> None:
    """Draw the ratios on a logarithmic axis, one row per workload, and save them as a PNG.

    Parameters
    ----------
    report
        The report to draw.
    path
        Output file, 1660 pixels wide, for a page that shows it at 830.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(8.3, 1.9 + 0.42 * len(report.results)), dpi=200, layout="constrained")
    FigureCanvasAgg(sheet)
    axes = sheet.add_subplot()
    names = rivals(report)
    # Each peer of a row has its own height, so that equal ratios do not hide each other.
    lanes = {name: (number - (len(names) - 1) / 2) * 0.5 / len(names) for number, name in enumerate(names)}
    for number, name in enumerate(names):
        _draw_peer(axes, report, name, lanes[name], _LOOKS[number % len(_LOOKS)])
    for row, result in enumerate(report.results):
        _write_ratios(axes, [(row + lanes[e.peer], e) for e in result.best() if e.peer != report.baseline])
    _dress(axes, report)
    sheet.savefig(path, format="png")


def _draw_peer(axes: Any, report: Report, name: str, lane: float, look: tuple[str, str]) -> None:
    found = [(row + lane, e) for row, result in enumerate(report.results) for e in result.best() if e.peer == name]
    rows, entries = zip(*found, strict=True)
    colour, shape = look
    centres = [entry.ratio for entry in entries]
    below = [entry.ratio - entry.spread[0] for entry in entries]
    above = [entry.spread[1] - entry.ratio for entry in entries]
    axes.errorbar(
        centres,
        rows,
        xerr=(below, above),
        linestyle="none",
        marker=shape,
        markersize=7.5,
        color=colour,
        markeredgecolor="white",
        markeredgewidth=0.6,
        elinewidth=1.6,
        label=name,
        zorder=3,
    )


def _write_ratios(axes: Any, marks: list[tuple[float, Entry]]) -> None:
    """Write the ratios of the nearest and the farthest peer, given with their heights, beside their marks."""
    if not marks:
        return
    ordered = sorted(marks, key=lambda pair: pair[1].ratio)
    (low, near), (high, far) = ordered[0], ordered[-1]
    ends = [(near.spread[0], low, near, -7, "right"), (far.spread[1], high, far, 7, "left")]
    for x, y, entry, shift, side in ends if len(ordered) > 1 else ends[1:]:
        axes.annotate(
            f"{figure(entry.ratio)}×{mark(entry)}",
            (x, y),
            xytext=(shift, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=8.5,
            color="#333333",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
            zorder=2.5,
        )


def _dress(axes: Any, report: Report) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    machine = report.machine
    ratios = [ratio for result in report.results for entry in result.entries for ratio in entry.spread]
    axes.set_xscale("log")
    axes.set_xlim(min(0.6, 0.5 * min(ratios)), max(20.0, 2.2 * max(ratios)))
    axes.set_ylim(len(report.results) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}×"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    labels = []
    for result in report.results:
        entry = next(each for each in result.best() if each.peer == report.baseline)
        labels.append(f"{result.work}\n{report.baseline}: {duration(entry, result)}")
    axes.set_yticks(range(len(labels)), labels, fontsize=8.5)
    axes.axvline(1, color="black", linewidth=1.8, zorder=2)
    axes.grid(axis="x", which="major", color="#dddddd", zorder=0)
    axes.grid(axis="x", which="minor", color="#f0f0f0", zorder=0)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.set_title(f"How many times as long as {report.baseline} each peer takes", loc="left", fontsize=12, pad=34)
    axes.set_xlabel(
        f"logarithmic; left of 1× the peer is faster. {machine.processor}, {machine.cores} cores, "
        f"medians of {report.rounds} rounds, lines from lowest to highest",
        fontsize=8,
    )
    if axes.get_legend_handles_labels()[0]:
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=6, frameon=False, fontsize=8.5, handletextpad=0.2
        )
