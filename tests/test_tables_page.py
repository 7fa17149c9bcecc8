"""The Python code of the page about tables runs unchanged, and its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pellucid as pl

PAGE = (Path(__file__).parent.parent / "docs" / "tables.md").read_text(encoding="utf-8")


def test_the_code_runs(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "docs/tables.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("<Table flowers: 48 rows of 2 features (petal length, petal width), standardised")
    assert lines[1].startswith("label: column 'species' (by its name)")
    assert float(lines[2]) == 1
    assert lines[3].startswith("versicolor at ")
    assert "feature petal " in lines[4]


def test_names_of_labels_are_those_of_the_code() -> None:
    from pellucid.data.csv_label import LABELS

    listed = re.findall(r"a column called ([^;]*);", PAGE)[0]
    assert set(re.findall(r"\w+", listed)) - {"or"} == set(LABELS) - {"labels", "classes"}


def test_plots_are_those_of_the_package() -> None:
    assert sorted(re.findall(r"pl\.plot\.(\w+)\(", PAGE)) == sorted(pl.plot.__all__)
