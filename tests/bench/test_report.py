"""The tables and the chart: ratios first, marks for different results, nothing cut off at 80 columns."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from fakes import entry, report, result
from PIL import Image
from rich.console import Console

from pellucid.bench.report import chart, duration, render, rivals, shares
from pellucid.bench.suite import Report

NAMES = ("PyTorch", "torch.compile", "JAX", "scikit-learn", "NumPy", "ONNX Runtime")


def printed(made: Report, width: int = 80) -> str:
    console = Console(width=width, file=StringIO())
    console.print(render(made))
    return console.file.getvalue()


def full() -> Report:
    slow = [entry(name, [10.0 * number, 11.0 * number, 12.0 * number]) for number, name in enumerate(NAMES, start=1)]
    fast = [entry(name, [0.8, 0.9, 1.0]) for name in NAMES]
    reading = result(*slow, work="read one image at a time", training=False, batch_size=None)
    return report(result(*slow, work="train 784-16-16-10, batch 32"), result(*fast, work="train wide"), reading)


def test_every_peers_ratio_shows_at_80_columns() -> None:
    text = printed(full())
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text
    for number in range(1, 7):
        assert f"{11 * number}×" in text
        assert f"{10 * number}–{12 * number}" in text
    assert text.count("0.90×") == 6
    for part in ("PyTorch", "compile", "JAX", "learn", "NumPy", "ONNX", "Runtime"):
        assert part in text


def test_ratios_come_first() -> None:
    text = printed(full())
    assert text.index("11×") < text.index("sgemm") < text.index("GFLOP/s on one core")


def test_a_peer_that_disagrees_is_marked_and_explained() -> None:
    text = printed(report(result(entry("Rival", [2.0], agrees=False, difference=0.25))), 120)
    assert "2.0× !" in text
    assert "Rival and Pellucid have different results (0.25 off)" in text
    text = printed(report(result(entry("Rival", [2.0], agrees=False, difference=None))), 120)
    assert "not a number" in text
    assert "!" not in printed(report(result(entry("Rival", [2.0]))), 120)


def test_a_cut_epoch_and_a_failure_are_reported() -> None:
    skipped = {"Other": "failed: no beads", "Third": "does not train", "Fourth": "slow, so not timed again."}
    made = report(result(entry("Rival", [2.0], images=60), skipped=skipped))
    text = printed(made, 120)
    assert "Rival ran 60 of 1,000 images" in text
    assert "Other: failed: no beads" in text
    assert "Fourth: slow" in text
    assert "does not train" not in text


def test_versions_and_missing_packages_are_reported() -> None:
    text = printed(report(result(entry("Other", [2.0], version="9.9"))), 120)
    assert "Versions: Pellucid 1.0, Other 9.9." in text
    assert "Rival: rival not installed" in text
    assert "Pellucid: 1.0" not in text


def test_without_limits_and_without_rivals() -> None:
    text = printed(report(result(), limits=False))
    assert "sgemm" not in text
    assert "train tiny" in text


def test_a_peer_missing_from_one_work_leaves_a_dash() -> None:
    made = report(result(entry("Rival", [2.0])), result(work="other"))
    assert rivals(made) == ["Rival"]
    assert "–" in printed(made).split("other")[1].splitlines()[0]


def test_shares_count_ink_and_compare_one_thread_with_one_core() -> None:
    made = full()
    layers_flops = 4 * 100 * 16 + 6 * 160
    one = made.results[0].entries[0]
    arithmetic, memory = shares(one, made.results[0], 100.0, made.limits)
    assert arithmetic == pytest.approx(layers_flops * 1e6 / 1e11)
    assert memory == pytest.approx(608 * 1e6 / 1e10)
    everything = entry("Pellucid", [1.0], threads=None)
    assert shares(everything, made.results[0], 100.0, made.limits) == pytest.approx((arithmetic / 2, memory / 2))


@pytest.mark.parametrize(
    ("seconds", "training", "text"),
    [
        (2.5, True, "2.5 s an epoch"),
        (0.025, True, "25 ms an epoch"),
        (0.00025, True, "250 µs an epoch"),
        (0.025, False, "25 µs an image"),
        (0.00025, False, "0.25 µs an image"),
    ],
)
def test_durations_have_fitting_units(seconds: float, training: bool, text: str) -> None:
    assert duration(entry("P", [1.0], seconds=[seconds]), result(training=training)) == text


def test_a_cut_epochs_duration_is_of_the_whole() -> None:
    assert duration(entry("P", [1.0], seconds=[0.01], images=10), result()) == "1 s an epoch"


@pytest.mark.parametrize("made", [full(), report(result())], ids=["full", "alone"])
def test_the_chart_is_a_picture_of_readme_width(made: Report, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    chart(made, tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as picture:
        assert picture.format == "PNG"
        assert picture.width == 1660
        assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 10
        coloured = {(213, 94, 0), (0, 114, 178)} & {colour for _, colour in picture.convert("RGB").getcolors(1 << 20)}
    assert bool(coloured) is (len(made.results) > 1)
