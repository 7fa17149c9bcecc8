"""The Python code of the page about tasks runs unchanged, and its table names the losses there are."""

from __future__ import annotations

import re
from pathlib import Path

import pellucid as pl
from pellucid.programs.image_targets import LOSSES

PAGE = (Path(__file__).parent.parent / "docs" / "tasks.md").read_text(encoding="utf-8")


def test_the_code_runs(capsys) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    exec(compile(code, "docs/tasks.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("<Dataset waves: 480 images of 3, numbers as they are (float32), target value: 0 from -")
    assert lines[1] == "mean_squared"
    assert float(lines[2].removeprefix("R2 ")) > 0.9
    losses = [[float(number) for number in line.split()] for line in lines[3:]]
    assert len(losses) == 3
    assert all(0 < mean < worst for mean, worst in losses)


def test_all_losses_and_optimizers_are_named() -> None:
    for loss in LOSSES:
        assert f"`{loss}`" in PAGE
    for optimizer in re.findall(r"`pl\.(\w+)`", PAGE.split("Optimisers are")[1]):
        assert hasattr(pl, optimizer)
