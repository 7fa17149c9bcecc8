"""The Python code of the page about large data runs unchanged."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent / "docs" / "large-data.md").read_text(encoding="utf-8")


def test_the_code_runs(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "docs/large-data.md", "exec"), {})
    lines = capsys.readouterr().out.split()
    assert len(lines) == 3
    assert all(float(line.rstrip("%")) > 90 for line in lines)


def test_the_numbers_are_those_of_the_code() -> None:
    from pellucid.data.limits import MEMORY_LIMIT
    from pellucid.programs.feed import _LITTLE
    from pellucid.training.window_readers import _BLOCKS

    assert f"The usual limit is {MEMORY_LIMIT // 10**6} MB" in PAGE
    assert f"at most {_LITTLE} times their own size" in PAGE
    assert f"and {_BLOCKS} of them make a window" in PAGE
