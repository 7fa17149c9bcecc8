"""The Python code of the page about scale runs unchanged, and its numbers are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "scale.md").read_text(encoding="utf-8")


def test_the_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    exec(compile(code, "docs/scale.md", "exec"), {})
    spread, rounds, best, *epochs = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\d\d\.\d% to \d\d\.\d%", spread)
    assert rounds == "((18, 1), (6, 3), (2, 9))"
    assert float(best.split()[-1].rstrip("%")) > 88
    assert [line.split(":")[0] for line in epochs] == [f"epoch {n}, {10 * n} rounds" for n in (1, 2, 3)]
    assert all(float(line.split()[-1].rstrip("%")) > 80 for line in epochs)


def test_the_numbers_are_those_of_the_code() -> None:
    from pellucid.training.remote.dispatch import ATTEMPTS, TASK_SECONDS

    assert (ATTEMPTS, TASK_SECONDS) == (3, 0.5)
    assert "about half a second" in PAGE
    assert re.search(r"lost three\s+times", PAGE)
