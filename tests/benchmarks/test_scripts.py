"""The scripts in benchmarks/ run on little data and write results."""

from __future__ import annotations

import json
import os
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


def median(measured: dict[str, Any], what: str) -> float:
    """Return the results of one round."""
    [seconds] = measured["seconds"][what]
    assert isinstance(seconds, float)
    return seconds
