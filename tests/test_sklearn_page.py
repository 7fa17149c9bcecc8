"""The Python code of the page about scikit-learn runs unchanged; its table is that of the results."""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pellucid.engine.compiler.target import plain_python

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docs" / "scikit-learn.md"
PAGE = FILE.read_text(encoding="utf-8")
RESULTS = ROOT / "benchmarks" / "results" / "sklearn_estimators.json"


@pytest.mark.skipif(plain_python(), reason="takes too long in plain Python")
@pytest.mark.filterwarnings("ignore:Training ended")
def test_the_code_runs(capsys: Any, tmp_path: Path, monkeypatch: Any) -> None:
    pytest.importorskip("sklearn", minversion="1.6")
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    exec(compile(code, "docs/scikit-learn.md", "exec"), {})
    accuracy, r2, net, reading, best, online = capsys.readouterr().out.splitlines()
    assert float(accuracy.removeprefix("accuracy ")) > 0.94
    assert float(r2.removeprefix("R2 ")) > 0.5
    assert net == "<Network 30-32-2: 1,058 parameters> ('benign', 'malignant')"
    assert re.fullmatch(r"\w+ at \d\.\d\d, then \w+ at \d\.\d\d", reading)
    assert float(best.removeprefix("best of 4: ")) > 0.9
    assert online == "5 5"


def test_all_parameters_are_named() -> None:
    pytest.importorskip("sklearn", minversion="1.6")
    from pellucid.sklearn import NetworkClassifier

    for name in inspect.signature(NetworkClassifier).parameters:
        assert f"`{name}`" in PAGE


def test_the_table_is_that_of_the_results() -> None:
    measured = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows = measured["tables"][0]["rows"]
    assert len(rows) == 10
    assert all(f"| {' | '.join(row)} |" in PAGE for row in rows)


@pytest.mark.skipif(plain_python(), reason="takes too long in plain Python")
def test_the_script_fills_the_page(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", minversion="1.6")
    page, told = tmp_path / "page.md", tmp_path / "told.json"
    shutil.copy(FILE, page)
    options = ["--only", "wine", "--batches", "32", "--seeds", "1", "--json", str(told), "--page", str(page)]
    command = [sys.executable, str(ROOT / "benchmarks" / "sklearn_estimators.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "160"})
    assert done.returncode == 0, done.stderr
    measured = json.loads(told.read_text(encoding="utf-8"))
    assert all(len(peer["seconds"]) == 1 for peer in measured["fits"]["wine, batch 32"].values())
    [row] = measured["tables"][0]["rows"]
    assert f"| {' | '.join(row)} |" in page.read_text(encoding="utf-8")
