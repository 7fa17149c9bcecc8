"""The source that the engine is compiled from: which files it has, and a digest of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pellucid.engine

SOURCE = Path(pellucid.engine.__file__).parent
"""The folder of the engine's source."""

LIBRARIES = SOURCE / "libraries"
"""The folder of the libraries that were compiled ahead; it is not part of the source."""

_LEFT_OUT = {"__pycache__", LIBRARIES.name}


def files_below(folder: Path) -> list[tuple[str, Path]]:
    """Every source file in a folder and its subfolders, with its path relative to the folder."""
    return [
        (path.relative_to(folder).as_posix(), path)
        for path in folder.rglob("*")
        if _LEFT_OUT.isdisjoint(path.relative_to(folder).parts) and path.is_file()
    ]


def digest_of(folder: Path = SOURCE) -> str:
    """A digest of the names and contents of all source files."""
    digest = hashlib.sha256()
    for name, path in sorted(files_below(folder)):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
