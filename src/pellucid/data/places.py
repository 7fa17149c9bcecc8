"""Where data that is not embedded may lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "PELLUCID_DATA"


def given_folder(name: str) -> Path | None:
    """Return the folder of the data set `name` below PELLUCID_DATA, where that is set."""
    root = os.environ.get(VARIABLE)
    return Path(root).expanduser() / name if root else None


def cache_folder(name: str) -> Path:
    """Return the folder in the user's cache where the data set `name` is kept, there or not."""
    import platformdirs

    return platformdirs.user_cache_path("pellucid", appauthor=False) / "data" / name
