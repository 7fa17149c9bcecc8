"""The cache of compiled code: files that later runs load instead of compiling the code again.

A file is named after everything its machine code depends on: the engine's source, the versions of Numba and LLVM, the
processor and the width of its lanes. It begins with a digest of the rest.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import stat
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path

from pellucid.engine.compiler.sources import SOURCE, digest_of
from pellucid.engine.compiler.target import lane_width, processor
from pellucid.errors import ConfigurationError
from pellucid.system.atomic_write import replace_whole
from pellucid.system.cache_folder import cache_folder
from pellucid.system.regular_file import open_regular

_DIGEST = 32  # bytes of SHA-256


def code_folder() -> Path | None:
    """Where compiled code is kept: ``PELLUCID_CACHE``, else below the user's cache folder; None without a home.

    Raises
    ------
    ConfigurationError
        If ``PELLUCID_CACHE`` is a relative path: code below the current folder may be anybody's.
    """
    asked = os.environ.get("PELLUCID_CACHE")
    if not asked:
        return cache_folder("engine")
    if not Path(asked).is_absolute():
        raise ConfigurationError(
            f"PELLUCID_CACHE expected the whole path of a folder, got {asked!r}: give it from the root on, such as "
            f"{str(Path(asked).absolute())!r}."
        )
    return Path(asked)


class Cache:
    """Compiled code by name, such as that of a part of the engine.

    Code is loaded only from a file and a folder that nobody but the user and the superuser can write to.

    Parameters
    ----------
    folder : Path, optional
        The folder of the files, created with the first of them. None keeps code in memory.
    source : Path
        The folder of the source that the code is compiled from.
    """

    def __init__(self, folder: Path | None, source: Path = SOURCE) -> None:
        self.folder, self.source = folder, source
        self._unwritten: dict[str, bytes] = {}

    def path_of(self, name: str) -> Path:
        """The path of the file for the code of this name."""
        return (self.folder or Path()) / f"{name}-{self.fingerprint()}.bin"

    def fingerprint(self) -> str:
        """A digest of everything the machine code depends on."""
        about = [
            digest_of(self.source),
            version_of("numba"),
            version_of("llvmlite"),
            platform.python_version(),
            platform.system(),
            platform.machine(),
            *processor(),
            lane_width(),
        ]
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:24]

    def read(self, name: str) -> bytes | None:
        """The code of this name, or None if its file is missing, unreadable, damaged or not trusted."""
        path = self.path_of(name)
        stored = _read_trusted(path) if self.folder else b""
        content = stored[_DIGEST:]
        return content if hashlib.sha256(content).digest() == stored[:_DIGEST] else self._unwritten.get(path.name)

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write code to files by its name, atomically; if that fails, keep it in memory and warn once."""
        files = {self.path_of(name): content for name, content in contents.items()}
        hindrance = self._store(files)
        if hindrance:
            self._unwritten.update({path.name: content for path, content in files.items()})
            warnings.warn(
                f"The compiled engine could not be kept {hindrance}: every run will compile it again. Set "
                "PELLUCID_CACHE to a folder that you, and nobody else, can write to.",
                RuntimeWarning,
                stacklevel=2,
            )

    def _store(self, files: Mapping[Path, bytes]) -> str | None:
        """Write files; return where and why that failed, or None."""
        if self.folder is None:
            return "(the user has no home folder: HOME names none)"
        try:
            self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            why = _distrust(self.folder.stat())
            for path, content in () if why else files.items():
                replace_whole(path, hashlib.sha256(content).digest() + content, mode=0o644)
        except OSError as error:
            why = error.strerror or str(error)
        return f"in {self.folder} ({why})" if why else None


def _read_trusted(path: Path) -> bytes:
    """The content of a file, or nothing if anybody but the user and the superuser can write to it."""
    try:
        with open_regular(path) as file:
            distrusted = _distrust(os.fstat(file.fileno())) or _distrust(path.parent.stat())
            return b"" if distrusted else file.read()
    except OSError:
        return b""


def _distrust(status: os.stat_result) -> str | None:
    """Why the code in a file or folder may be another user's, or None."""
    if sys.platform == "win32":  # its access lists already protect a user's folders from other users
        return None
    if status.st_uid not in (0, os.geteuid()):
        return "it belongs to another user"
    return "other users can write to it" if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else None


def version_of(package: str) -> str:
    """Text that identifies a package's version, found without importing the package."""
    found = importlib.util.find_spec(package)
    places = found.submodule_search_locations if found else None
    try:
        # The package's own version file. Importing `importlib.metadata` takes thirty milliseconds.
        return Path((places or [""])[0], "_version.py").read_text(encoding="utf-8")
    except OSError:
        from importlib.metadata import version

        return version(package)
