"""The Python code of the page about other libraries' arrays runs unchanged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "arrays.md").read_text(encoding="utf-8")


def test_the_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("pandas")
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    exec(compile(code, "docs/arrays.md", "exec"), {})
    shape, rows, pairs, stream = capsys.readouterr().out.splitlines()
    assert (shape, rows) == ("torch.Size([100])", "(6, 3)")
    assert pairs.startswith("<Dataset pairs: 100 images of 28x28, levels 0 to 1 (float32), 10 classes")
    assert stream == "<Stream stream: 10,000 examples of 2, numbers as they are (float32), 2 classes>"
