"""The user's cache folder."""

from __future__ import annotations

from pathlib import Path


def cache_folder(*below: str) -> Path | None:
    """The user's cache folder of this package, or one below it, there or not.

    None where the user has no home, as in some containers. A path below the current folder does not do: what lies
    there may be anybody's.
    """
    import platformdirs

    try:
        folder = platformdirs.user_cache_path("pellucid", appauthor=False)
    except RuntimeError:  # recent versions raise it, earlier ones give a relative path
        return None
    return folder.joinpath(*below) if folder.is_absolute() else None
