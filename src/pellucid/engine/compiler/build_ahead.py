"""Compile the engine ahead: one shared library for each kind of processor of a platform.

Usage: ``python -m pellucid.engine.compiler.build_ahead [PLATFORM]``, with the name of one of `PLATFORMS`, by default
this one. Objects are linked by the machine's C compiler, or by the ``ziglang`` package, which links for any platform.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pellucid.engine.compiler.ahead import INDEX, KINDS, Kind, is_current, machine_name, read_index
from pellucid.engine.compiler.build import build_in_children
from pellucid.engine.compiler.parts import PARTS
from pellucid.engine.compiler.sources import LIBRARIES, digest_of
from pellucid.errors import ConfigurationError


class Platform(NamedTuple):
    """A platform: how Python, LLVM and the linker call it, the suffix of its libraries, and the tag of its wheels."""

    system: str
    machine: str
    triple: str
    linked: str
    suffix: str
    tag: str


PLATFORMS: Mapping[str, Platform] = {
    "linux-x86_64": Platform(
        "Linux", "x86_64", "x86_64-unknown-linux-gnu", "x86_64-linux-gnu.2.17", ".so", "manylinux_2_17_x86_64"
    ),
    "linux-arm64": Platform(
        "Linux", "arm64", "aarch64-unknown-linux-gnu", "aarch64-linux-gnu.2.17", ".so", "manylinux_2_17_aarch64"
    ),
    "macos-arm64": Platform(
        "Darwin", "arm64", "arm64-apple-macosx11.0.0", "aarch64-macos.11.0", ".dylib", "macosx_11_0_arm64"
    ),
    "macos-x86_64": Platform(
        "Darwin", "x86_64", "x86_64-apple-macosx10.15.0", "x86_64-macos.10.15", ".dylib", "macosx_10_15_x86_64"
    ),
    "windows-x86_64": Platform(
        "Windows", "x86_64", "x86_64-pc-windows-gnu", "x86_64-windows-gnu", ".dll", "win_amd64"
    ),
}  # fmt: skip
"""The platforms that the engine is compiled for."""


def this_platform() -> Platform | None:
    """The platform of this machine, if the engine is compiled for it."""
    here = platform.system(), machine_name()
    return next((each for each in PLATFORMS.values() if each[:2] == here), None)


def build_ahead(target: Platform, folder: Path = LIBRARIES) -> None:
    """Compile and link all libraries of a platform, and write them to a folder with their index.

    Raises
    ------
    OSError, subprocess.SubprocessError
        If a compiler or the linker fails.
    ConfigurationError
        If there is no linker.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    entries: dict[str, Any] = {}
    libraries = []
    for kind in KINDS[target.machine]:
        file = f"libengine_{kind.name.replace('-', '_')}{target.suffix}"
        entries = _library(target, kind, folder / file)
        libraries.append({"file": file, "lanes": kind.lanes, "needs": kind.needs})
    index = {
        "source": digest_of(), "system": target.system, "machine": target.machine, "entries": entries,
        "libraries": libraries,
    }  # fmt: skip
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")


def is_built(target: Platform, folder: Path = LIBRARIES) -> bool:
    """Whether a folder has the libraries of a platform, compiled from this source."""
    index = read_index(folder)
    return index is not None and is_current(index, *target[:2])


def _library(target: Platform, kind: Kind, path: Path) -> dict[str, Any]:
    """Compile one library; return the entry points of its parts."""
    asked = {
        "PELLUCID_TRIPLE": target.triple, "PELLUCID_PROCESSOR": kind.processor, "PELLUCID_LANES": str(kind.lanes)
    }  # fmt: skip
    contents = build_in_children(list(PARTS), os.environ | asked | {"NUMBA_DISABLE_JIT": "0"})
    entries = {}
    with tempfile.TemporaryDirectory() as work:
        objects = []
        for part, content in contents.items():
            header, code = content.split(b"\n", 1)
            entries[part] = json.loads(header)
            objects.append(Path(work, f"{part}.o"))
            objects[-1].write_bytes(code)
        linked = Path(work, path.name)  # linkers write more beside it
        subprocess.run([*linker(target), *map(str, objects), "-o", str(linked)], check=True, capture_output=True)
        shutil.copy(linked, path)
    return entries


def linker(target: Platform) -> Sequence[str]:
    """The command that links objects to a shared library.

    Raises
    ------
    ConfigurationError
        If this machine has neither a C compiler for the platform nor the ziglang package.
    """
    compiler = shutil.which("cc")
    if compiler and target == this_platform():
        return [compiler, "-shared", "-s"] if target.system == "Linux" else [compiler, "-shared"]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc", "-target", target.linked, "-shared", "-s"]
    raise ConfigurationError("Linking the engine expected a C compiler or the ziglang package: pip install ziglang.")


def main(arguments: Sequence[str]) -> None:
    """Build the libraries of the platform that the command line names."""
    target = PLATFORMS.get(arguments[0]) if arguments else this_platform()
    if target is None:
        raise SystemExit(f"The engine is compiled for {', '.join(PLATFORMS)}.")
    build_ahead(target)
    for path in sorted(LIBRARIES.iterdir()):
        print(f"{path.stat().st_size:>9,}  {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
