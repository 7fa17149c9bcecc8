"""The scripts in benchmarks/ run on little data and write results."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "benchmarks"


def run(tmp_path: Path, script: str, *options: str) -> dict[str, Any]:
    """Run a script on the embedded digits for one round, and return its results."""
    told = tmp_path / "told.json"
    command = [sys.executable, str(SCRIPTS / script), "--data", "digits", "--rounds", "1", "--json", str(told)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, env=os.environ | {"COLUMNS": "100"})
    assert done.returncode == 0, done.stderr
    measured: dict[str, Any] = json.loads(told.read_text())
    for table in measured["tables"]:
        assert table["title"] in " ".join(done.stdout.split())
        assert all(len(row) == len(table["headings"]) for row in table["rows"])
    assert measured["machine"]["cores"] >= 1
    return measured


def test_to_95_reaches_a_modest_goal_and_says_when(tmp_path: Path) -> None:
    measured = run(tmp_path, "to_95.py", "--goal", "0.5")
    [climb] = measured["runs"]
    assert measured["reached"] == 1
    assert climb["accuracy"] >= 0.5
    assert 0 < climb["images"] <= 4 * 8000
    assert measured["seconds"] == climb["seconds"] > 0


def test_to_95_does_not_claim_what_no_seed_reached(tmp_path: Path) -> None:
    measured = run(tmp_path, "to_95.py", "--goal", "1.0")
    assert (measured["seconds"], measured["reached"]) == (None, 0)


def test_growth_fits_a_line_to_each_axis(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    chart = tmp_path / "growth.png"
    measured = run(tmp_path, "growth.py", "--up-to", "0.1", "--chart", str(chart))
    assert [line["what"] for line in measured["growth"]] == [
        "images",
        "inked pixels of an image",
        "weights of the later layers",
    ]
    for line in measured["growth"]:
        assert len(line["sizes"]) == len(line["seconds"]) >= 3
        assert min(line["seconds"]) > 0
        fitted = [line["fixed"] + line["each"] * size for size in line["sizes"]]
        worst = max(abs(f / s - 1) for f, s in zip(fitted, line["seconds"], strict=True))
        assert line["error"] == pytest.approx(worst)
    assert chart.read_bytes()[:4] == b"\x89PNG"


def test_ideas_are_switched_off_one_at_a_time(tmp_path: Path) -> None:
    measured = run(tmp_path, "ideas.py", "--only", "levels", "--images", "64")
    assert measured["ideas"].keys() == {"levels"}
    assert all(len(own) == 1 and own[0] > 0 for own in measured["ideas"]["levels"].values())


def test_start_measures_processes_and_their_memory(tmp_path: Path) -> None:
    measured = run(tmp_path, "start.py", "--no-compile")
    assert measured["memory"]["plain"] > 30e6
    assert median(measured, "bare Python") < median(measured, "pellucid read of one PNG")


def test_large_data_are_measured_in_all_ways(tmp_path: Path) -> None:
    measured = run(tmp_path, "large_data.py", "--examples", "0", "--seeds", "0")
    speed, pictures = measured["tables"]
    assert {row[2] for row in speed["rows"]} == {
        "packed at once", "in memory, windows", "mapped, windows", "stream, windows"
    }  # fmt: skip
    assert [row[0] for row in pictures["rows"]] == ["once", "always"]


def median(measured: dict[str, Any], what: str) -> float:
    """Return the results of one round."""
    [seconds] = measured["seconds"][what]
    assert isinstance(seconds, float)
    return seconds


def test_memory_compares_layers_of_equal_size(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    options = ["--frames", "6", "--count", "300", "--epochs", "4", "--seeds", "1", "--rounds", "1", "--json", str(told)]
    done = subprocess.run([sys.executable, str(SCRIPTS / "memory.py"), *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    measured = json.loads(told.read_text())
    assert list(measured["accuracies"]["6"]) == list(measured["seconds"]) == ["RNN", "GRU", "LSTM"]
    assert all(0.25 < accuracy <= 1 for [accuracy] in measured["accuracies"]["6"].values())


def test_exports_answer_alike_everywhere(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    rows = run(tmp_path, "export.py")["tables"][0]["rows"]
    assert [row[1] for row in rows[:5]] == ["Pellucid", "ONNX Runtime", "NumPy", "C, float32", "C, int8"]
    assert all(float(row[3]) < 1e-5 and row[4] == "0" for row in rows if row[3] and row[1] != "C, int8")


def test_many_networks_have_equal_bits_and_an_overhead(tmp_path: Path) -> None:
    few = ("--networks", "6", "--images", "200", "--epochs", "1")
    measured = run(tmp_path, "many_networks.py", *few, "--on", "threads", "processes")
    assert measured["equal_bits"]
    for [found] in measured["runs"].values():
        assert 0 < found["arithmetic"] < found["workers"] * found["wall"]
        assert found["networks"] == 6


def test_shards_are_compared_with_one_process(tmp_path: Path) -> None:
    few = ("--on", "processes", "--seeds", "1", "--epochs", "1", "--cuts", "4", "--generated", "0")
    [table] = run(tmp_path, "sharded.py", *few)["tables"]
    assert [row[0] for row in table["rows"]] == ["one process, one core", "4 shards, 2 together"]
    assert all(float(row[1].split()[0]) > 50 for row in table["rows"])
