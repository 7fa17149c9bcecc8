"""Pellucid compared with itself, on few images."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from fakes import report
from rich.console import Console

import pellucid.bench as bench
from pellucid.bench import Report, Variant, measure_variants


def test_each_change_is_compared_with_the_plain_epoch() -> None:
    rng = np.random.default_rng(0)
    images = rng.random((70, 784), dtype=np.float32) * (rng.random((70, 784)) < 0.2)
    found = measure_variants(images.astype(np.float32), np.arange(70) % 10, rounds=2)
    plain, many = found[0], found[-2]
    assert [each.name for each in found[1:5]] == ["ReLU", "momentum", "Adam", "augmentation"]
    assert all(each.than == plain.name for each in found[:5])
    assert plain.ratios == many.ratios == [1.0, 1.0]
    for each in found[1:5]:
        assert each.ratios == pytest.approx([a / b for a, b in zip(each.seconds, plain.seconds, strict=True)])


def test_variants_survive_their_file_and_are_shown(tmp_path: Path) -> None:
    odd = Variant("odd", "plain", 10, [3.0, 5.0], [3.0, 2.5])
    made = Report(**(vars(report()) | {"variants": [Variant("plain", "plain", 10, [1.0, 2.0], [1.0, 1.0]), odd]}))
    bench.save(made, tmp_path / "report.json")
    assert bench.load(tmp_path / "report.json") == made
    console = Console(width=80, file=StringIO())
    console.print(bench.render(made))
    text = console.file.getvalue()
    assert "Pellucid compared with itself" in text
    assert "4 s" in text
    assert "2.8×" in text
