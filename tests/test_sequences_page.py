"""The Python code of the page about sequences runs unchanged, and shows what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pellucid.engine.compiler.target import plain_python

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "sequences.md").read_text(encoding="utf-8")


@pytest.mark.skipif(plain_python(), reason="takes too long in plain Python")
def test_the_code_runs(capsys: Any) -> None:
    parts = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    for code in parts:
        exec(compile(code, "docs/sequences.md", "exec"), names)
    told = dict(line.rsplit(" ", 1) for line in capsys.readouterr().out.splitlines())
    assert float(told["accuracy"]) > 0.99
    assert float(told["kept at marked frames"]) < 0.35
    assert float(told["kept at other frames"]) > 0.6
    assert not names["layer"].bias.any()
    assert not names["layer"].bias_hn.any()


def test_the_tables_are_those_of_the_results() -> None:
    tables = json.loads((ROOT / "benchmarks" / "results" / "memory.json").read_text(encoding="utf-8"))["tables"]
    for row in tables[0]["rows"]:
        cells = [re.sub(r"(\d)% \((\d+)% to (\d+)%\)", r"\1 % (\2–\3)", cell) for cell in row]
        assert f"| {' | '.join(cells)} |" in PAGE
    for row in tables[1]["rows"]:
        assert f"| {' | '.join(row)} |" in PAGE
