"""The page's tables agree with the files of results."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pellucid.bench import Entry, Report, Result, Variant, save
from pellucid.bench.machine import describe

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for name in ("page", "common"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("page")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    def entry(peer: str, seconds: float) -> Entry:
        took = [seconds] * 5
        return Entry(peer, "", "1.0", 60_000, took, [seconds / 0.03] * 5, 0.1, 0.5, 0.0, True, 1)

    entries = [entry("Pellucid", 0.03), entry("PyTorch", 0.9), entry("JAX", 0.12)]
    work = Result("train 784-16-16-10, batch 32", True, 60_000, (784, 16, 16, 10), 32, "Pellucid", entries, {})
    variants = [
        Variant("plain", "plain", 60_000, [0.03] * 5, [1.0] * 5),
        Variant("Adam", "plain", 60_000, [0.06] * 5, [2.0] * 5),
        Variant("8 networks, one a core", "8 networks, one at a time", 1, [0.1] * 5, [0.5] * 5),
    ]
    save(
        Report(describe(), None, "2026-01-01T00:00:00", 5, "Pellucid", 150.0, {}, [work], variants),
        tmp_path / "bench.json",
    )
    (tmp_path / "to_95.json").write_text('{"seconds": 0.125}')
    names = ("bare Python", "import pellucid", "import pellucid, first network", "pellucid read of one PNG")
    seconds = {name: [0.01 + 0.2 * number] for number, name in enumerate(names)}
    (tmp_path / "start.json").write_text(json.dumps({"seconds": seconds, "memory": {"plain": 2e8}, "tables": []}))
    return tmp_path


def test_ratios_have_their_spread(page: ModuleType, results: Path) -> None:
    lines = page.ratios(results).splitlines()
    assert lines[0] == "| work | Pellucid | PyTorch | JAX |"
    assert lines[2] == "| train 784-16-16-10, batch 32 | 30 ms | 30× (30–30) | 4.0× (4.0–4.0) |"


def test_what_was_missed_is_said(page: ModuleType, results: Path) -> None:
    table = page.aims(results)
    assert "against PyTorch | at least 25× | 30× | reached |" in table
    assert "against JAX | at least 4.5× | 4.0× | **missed** |" in table
    assert "Adam, against a plain epoch | at most 1.5× | 2.0× | **missed** |" in table
    assert "one a core, against 8 networks, one at a time | at least 1.8× | 2.0× | reached |" in table
    assert "| `import pellucid`, beyond bare Python | at most 150 ms | 200 ms | **missed** |" in table
    assert "| at most 400 MB | 200 MB | reached |" in table


def test_only_what_is_between_the_marks_changes(page: ModuleType) -> None:
    text = "before\n<!-- table a -->\nold\n<!-- end a -->\nafter"
    once = page.filled(text, "a", "new")
    assert once == "before\n<!-- table a -->\nnew\n<!-- end a -->\nafter"
    assert page.filled(once, "a", "new") == once


def test_the_page_has_a_place_for_every_table(page: ModuleType) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    for name in page.TABLES:
        assert text.count(f"<!-- table {name} -->") == text.count(f"<!-- end {name} -->") == 1
