"""Fixtures that any test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from chromium import CHROMIUM, FLAGS

if TYPE_CHECKING:
    from pellucid.data import TrainTest

PATIENCE = 30_000
"""Milliseconds that a page may take to show what is expected of it, on a machine that others use too."""

settings.register_profile("pellucid", deadline=None, print_blob=True)
settings.load_profile("pellucid")  # how long an example takes says nothing on a machine that others use too


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last: their driver leaves a running event loop in its thread, which breaks other tests."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture(scope="session")
def mnist() -> TrainTest:
    """All of MNIST, from PELLUCID_DATA; skipped if it is not there."""
    folder = os.environ.get("PELLUCID_DATA")
    if not folder or not (Path(folder) / "mnist").is_dir():
        pytest.skip("needs PELLUCID_DATA, a folder with MNIST's four files in mnist/")
    from pellucid.data import load

    return load("mnist")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The one browser of a process, whose driver cannot be started twice; skipped where it is missing."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install '.[browser]'")
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium, or PELLUCID_CHROMIUM")
    sync_api.expect.set_options(timeout=PATIENCE)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
