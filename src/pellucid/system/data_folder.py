"""The user's data folder."""

from __future__ import annotations

from pathlib import Path


def data_folder(*below: str) -> Path | None:
    """The user's data folder of this package, or one below it, there or not; None where the user has no home."""
    import platformdirs

    try:
        folder = platformdirs.user_data_path("pellucid", appauthor=False)
    except RuntimeError:  # recent versions raise it, earlier ones give a relative path
        return None
    return folder.joinpath(*below) if folder.is_absolute() else None
