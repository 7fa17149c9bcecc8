"""The cache of compiled code: files that hold what was compiled once, so that no later run compiles it again.

A file is named after everything its machine code depends on: the engine's source, the versions of Numba and LLVM, the
processor and the width of its lanes. It begins with a digest of the rest.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import warnings
from collections.abc import Mapping
from pathlib import Path

import pellucid.engine
from pellucid.engine.compiler.target import lane_width, processor
from pellucid.system.atomic_write import write_whole

SOURCE = Path(pellucid.engine.__file__).parent
"""The folder of the engine's source."""

_DIGEST = 32  # bytes of SHA-256


def cache_folder() -> Path:
    """Where compiled code is kept: ``PELLUCID_CACHE``, else the user's cache folder."""
    asked = os.environ.get("PELLUCID_CACHE")
    if asked:
        return Path(asked)
    import platformdirs

    return Path(platformdirs.user_cache_dir("pellucid", appauthor=False))


class Cache:
    """Compiled code by name, such as that of a part of the engine.

    Parameters
    ----------
    folder : Path
        Where the files are. It is made when the first file is written.
    source : Path
        The folder of the source that the code is compiled from.
    """

    def __init__(self, folder: Path, source: Path = SOURCE) -> None:
        self.folder, self.source = folder, source
        self._unwritten: dict[Path, bytes] = {}

    def path_of(self, name: str) -> Path:
        """The file that holds the code of this name, once it was compiled."""
        return self.folder / f"{name}-{self.fingerprint()}.bin"

    def fingerprint(self) -> str:
        """A digest of everything the machine code depends on."""
        digest = hashlib.sha256()
        for name, path in sorted(self._sources()):
            content = path.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        about = [
            version_of("numba"),
            version_of("llvmlite"),
            platform.python_version(),
            platform.system(),
            platform.machine(),
            *processor(),
            lane_width(),
        ]
        digest.update(json.dumps(about).encode())
        return digest.hexdigest()[:24]

    def _sources(self) -> list[tuple[str, Path]]:
        """Every file of the source with its name relative to the folder, whichever subfolder it is in."""
        return [
            (path.relative_to(self.source).as_posix(), path)
            for path in self.source.rglob("*")
            if "__pycache__" not in path.parts and path.is_file()
        ]

    def read(self, name: str) -> bytes | None:
        """The code of this name, or None where its file is missing, unreadable or damaged."""
        path = self.path_of(name)
        try:
            stored = path.read_bytes()
        except OSError:
            return self._unwritten.get(path)
        content = stored[_DIGEST:]
        return content if hashlib.sha256(content).digest() == stored[:_DIGEST] else self._unwritten.get(path)

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Keep code by its name, in whole files; where they cannot be written, in memory, with one warning."""
        files = {self.path_of(name): content for name, content in contents.items()}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for path, content in files.items():
                write_whole(path, hashlib.sha256(content).digest() + content)
        except OSError as error:
            self._unwritten.update(files)
            warnings.warn(
                f"The compiled engine could not be kept in {self.folder} ({error.strerror or error}): every run will "
                "compile it again. Make that folder writable, or set PELLUCID_CACHE to one that is.",
                RuntimeWarning,
                stacklevel=2,
            )


def version_of(package: str) -> str:
    """What tells a package's version from another, found without importing it."""
    found = importlib.util.find_spec(package)
    places = found.submodule_search_locations if found else None
    try:
        # What the package itself says of it; the standard library's way takes thirty milliseconds to import.
        return Path((places or [""])[0], "_version.py").read_text(encoding="utf-8")
    except OSError:
        from importlib.metadata import version

        return version(package)
