"""Compile the engine's libraries into the package, for wheels.

``PELLUCID_WITHOUT_ENGINE=1`` leaves them out: the wheel is then for any system, and the engine is compiled at its first
use, with the extra ``compile``. ``PELLUCID_PLATFORM`` names another platform to build for, such as ``macos-arm64``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SKIP, PLATFORM = "PELLUCID_WITHOUT_ENGINE", "PELLUCID_PLATFORM"


class EngineError(Exception):
    """Why the engine cannot be compiled, and what to do."""


def is_wanted() -> bool:
    """Whether the engine has to be compiled."""
    return not os.environ.get(SKIP)


def requirements(compiler: list[str]) -> list[str]:
    """Packages that compiling the engine needs, ``compiler`` among them; a linker where the machine has none."""
    other = os.environ.get(PLATFORM) or shutil.which("cc") is None
    return [*compiler, "platformdirs>=4.2", *(["ziglang>=0.13"] if other else [])]


def build(root: Path) -> str | None:
    """Compile the libraries, if they are not there; return the platform tag of the wheel, or None for any.

    Raises
    ------
    EngineError
        If that fails.
    """
    sys.path.insert(0, str(root / "src"))
    try:
        from pellucid.engine.compiler.build_ahead import PLATFORMS, build_ahead, is_built, this_platform
        from pellucid.errors import PellucidError
    finally:
        del sys.path[0]
    asked = os.environ.get(PLATFORM)
    if asked and asked not in PLATFORMS:
        raise EngineError(f"{PLATFORM} expected one of {', '.join(PLATFORMS)}, got {asked!r}.")
    target = PLATFORMS[asked] if asked else this_platform()
    if target is None:
        return None  # the engine is compiled at its first use
    try:
        if not is_built(target):
            build_ahead(target)
    except (OSError, subprocess.SubprocessError, PellucidError) as error:
        said = getattr(error, "stderr", None)
        raise EngineError(f"Compiling the engine failed: {said.decode() if said else error}") from error
    return target.tag
