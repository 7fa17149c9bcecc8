"""The code of the page about exports runs unchanged, and its tables are those of the results."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")


def test_the_code_runs(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx]'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(code, "docs/export.md", "exec"), names)
    sys.modules.pop("digits", None)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == "True True"
    assert f"prints `{second}`" in PAGE
    assert third.endswith("['0', '1', '2']")
    assert (tmp_path / "digits.c").is_file()


def test_the_tables_are_those_of_the_results() -> None:
    tables = json.loads((ROOT / "benchmarks" / "results" / "export.json").read_text(encoding="utf-8"))["tables"]
    for table in tables:
        for row in table["rows"]:
            assert f"| {' | '.join(row)} |" in PAGE
