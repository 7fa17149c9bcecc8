"""The benchmark of reading: its sheets have the digits that they say, and are scored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "reading.py"


def test_sheets_of_every_layout_are_read(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    command = [sys.executable, str(SCRIPT), "--only", "whole sheets", "--count", "4", "--json", str(told)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "100"})
    assert done.returncode == 0, done.stderr
    scores = json.loads(told.read_text())
    assert list(scores) == [f"whole sheets: {name}" for name in ("rows", "forms", "tables", "sudoku grids")]
    for score in scores.values():
        assert score["pictures"] == 1
        assert 0.9 * score["digits"] <= score["read"] <= score["digits"]
