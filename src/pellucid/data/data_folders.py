"""The folders of data sets on this machine, other than the embedded ones."""

from __future__ import annotations

import os
from pathlib import Path

from pellucid.errors import DownloadError
from pellucid.system.cache_folder import cache_folder

VARIABLE = "PELLUCID_DATA"


def configured_folder(name: str) -> Path | None:
    """Return the folder of the data set `name` below PELLUCID_DATA, if that is set."""
    root = os.environ.get(VARIABLE)
    return Path(root).expanduser() / name if root else None


def cached_folder(name: str) -> Path | None:
    """Return the folder of the data set `name` in the user's cache, which may not exist; None without a home."""
    return cache_folder("data", name)


def download_folder(name: str) -> Path:
    """Return the folder in the user's cache to download the data set `name` into.

    Raises
    ------
    DownloadError
        If the user has no home folder.
    """
    folder = cached_folder(name)
    if folder is None:
        raise DownloadError(
            f"Expected a home folder for {name}, got none from HOME: set HOME, or set {VARIABLE} to a folder that has "
            f"the data set in {name}/."
        )
    return folder
