"""Every function of the engine that a page under docs/derivations names exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs" / "derivations").glob("*.md"))
AFTER = r"`engine/(?P<module>[\w/]+)\.py`(?P<functions>(?:,(?: and)? `\w+`)+)"
BEFORE = r"(?P<functions>`\w+`(?:(?:, | and )`\w+`)*)\sin\s`engine/(?P<module>[\w/]+)\.py`"
NAMED = [
    (page.name, found["module"], function)
    for page in PAGES
    for pattern in (AFTER, BEFORE)
    for found in re.finditer(pattern, page.read_text(encoding="utf-8"))
    for function in re.findall(r"`(\w+)`", found["functions"])
]


def test_every_page_names_functions() -> None:
    assert {page for page, _, _ in NAMED} >= {"activations.md", "dense.md", "optimizers.md"}
    assert len(PAGES) >= 4


@pytest.mark.parametrize(("page", "module", "function"), NAMED)
def test_named_functions_exist(page: str, module: str, function: str) -> None:
    assert hasattr(importlib.import_module(f"pellucid.engine.{module.replace('/', '.')}"), function)


def test_pages_that_the_engine_names_exist() -> None:
    source = Path(__file__).parents[2] / "src" / "pellucid"
    led = {
        page for path in source.rglob("*.py") for page in re.findall(r"docs/derivations/(\w+\.md)", path.read_text())
    }
    assert led == {page.name for page in PAGES}
