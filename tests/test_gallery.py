"""Every example of the gallery runs, reaches its score in 15 lines, and stands in the page beside scikit-learn."""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pellucid.engine.compiler.target import plain_python

ROOT = Path(__file__).parent.parent
EXAMPLES = {path.stem: path for path in sorted((ROOT / "examples" / "gallery").glob("*.py"))}
PAGE = ROOT / "docs" / "gallery.md"
RESULTS = ROOT / "benchmarks" / "results" / "gallery.json"
MOST_LINES = 15

FLOORS = {
    "breast_cancer": 0.94,
    "diabetes": 0.25,
    "digits": 0.96,
    "friedman": 0.92,
    "iris": 0.91,
    "labels": 0.38,
    "lorenz": 0.99,
    "moons": 0.94,
    "picture": 0.77,
    "swiss_roll": 0.99,
    "waves": 0.96,
    "wine": 0.94,
}
"""The lowest score of each task that its example may print."""


@pytest.mark.skipif(plain_python(), reason="takes too long in plain Python")
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_reaches_its_score(name: str, capsys: Any) -> None:
    pytest.importorskip("sklearn")
    runpy.run_path(str(EXAMPLES[name]), run_name="__main__")
    [line] = capsys.readouterr().out.splitlines()
    what, score = line.rsplit(" ", 1)
    assert what in {"accuracy", "R2", "all labels right"}
    assert FLOORS[name] <= float(score) <= 1


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_short(name: str) -> None:
    """Blank lines, imports and the docstring do not count."""
    text = EXAMPLES[name].read_text(encoding="utf-8")
    aside: set[int] = set()
    for number, part in enumerate(ast.parse(text).body):
        if number == 0 or isinstance(part, ast.Import | ast.ImportFrom):
            aside |= set(range(part.lineno, (part.end_lineno or part.lineno) + 1))
    lines = [line for number, line in enumerate(text.splitlines(), 1) if line.strip() and number not in aside]
    assert 10 <= len(lines) <= MOST_LINES


def test_the_table_is_that_of_the_results() -> None:
    measured = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows = measured["tables"][0]["rows"]
    assert [row[0] for row in rows] == list(EXAMPLES) == list(FLOORS) == list(measured["tasks"])
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"| {' | '.join(row)} |" in page for row in rows)
    assert set(re.findall(r"\(\.\./examples/gallery/(\w+)\.py\)", page)) == set(EXAMPLES)


@pytest.mark.skipif(plain_python(), reason="takes too long in plain Python")
def test_the_script_fills_the_page(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    page, told = tmp_path / "gallery.md", tmp_path / "told.json"
    shutil.copy(PAGE, page)
    options = ["--only", "iris,swiss_roll", "--seeds", "1", "--json", str(told), "--page", str(page)]
    command = [sys.executable, str(ROOT / "benchmarks" / "gallery.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "140"})
    assert done.returncode == 0, done.stderr
    measured = json.loads(told.read_text(encoding="utf-8"))
    for peers in measured["tasks"].values():
        assert all(len(peer["scores"]) == 1 and peer["seconds"][0] > 0 for peer in peers.values())
        assert peers["Pellucid"]["scores"][0] > 0.8
        assert peers["scikit-learn"]["scores"][0] > 0.8
    filled = page.read_text(encoding="utf-8")
    assert [f"| {' | '.join(row)} |" in filled for row in measured["tables"][0]["rows"]] == [True, True]
    assert "| wine | accuracy" not in filled
