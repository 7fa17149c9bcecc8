"""Fixtures that any test may use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pellucid.data import TrainTest


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
