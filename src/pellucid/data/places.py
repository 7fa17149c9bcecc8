"""Where data that is not embedded may lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from pellucid.errors import DownloadError
from pellucid.system.cache_folder import cache_folder

VARIABLE = "PELLUCID_DATA"


def given_folder(name: str) -> Path | None:
    """Return the folder of the data set `name` below PELLUCID_DATA, where that is set."""
    root = os.environ.get(VARIABLE)
    return Path(root).expanduser() / name if root else None


def kept_folder(name: str) -> Path | None:
    """Return the folder in the user's cache where the data set `name` is kept, there or not; None without a home."""
    return cache_folder("data", name)


def folder_to_keep(name: str) -> Path:
    """Return the folder in the user's cache to download the data set `name` into.

    Raises
    ------
    DownloadError
        If the user has no home.
    """
    folder = kept_folder(name)
    if folder is None:
        raise DownloadError(
            f"Expected a home folder to keep {name} in, but HOME names none: set HOME, or set {VARIABLE} to a folder "
            f"that has the data set in {name}/."
        )
    return folder
