"""The page without a network; skipped where it is not built."""

from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.studio.serving.built_page import SHARED_PAGE


@pytest.fixture(scope="session")
def template() -> Path:
    """The page without a network."""
    if not SHARED_PAGE.is_file():
        pytest.skip("needs the page: make web")
    return SHARED_PAGE
