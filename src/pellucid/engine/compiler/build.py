"""Compile the parts of the engine in parallel, each in a child process.

Only the children load Numba and the kernels, so the process that trains stays small. If no child can be started, the
parts are compiled in this process, one after another.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pellucid.engine.compiler import fastcall
from pellucid.engine.compiler.parts import HOME, PARTS
from pellucid.engine.compiler.signature import letters_of

logger = logging.getLogger("pellucid")

_HOME = str(Path(__file__).resolve().parents[3])
"""The folder that holds this package."""

_START = (
    "import sys; sys.path[:] = [*dict.fromkeys([*sys.argv[2:], *sys.path])]; "
    "from pellucid.engine.compiler.build import serve; serve()"
)
"""The code that a child runs; its arguments are the part to compile and the import path."""


def build(parts: Sequence[str]) -> dict[str, bytes]:
    """Compile parts of the engine.

    Returns
    -------
    dict of str to bytes
        The content of each part: a line of JSON, ``{name: [symbol, letters]}``, then the object file. Symbols without
        letters are functions that other parts call.
    """
    try:
        return _side_by_side(parts)
    except (OSError, subprocess.SubprocessError) as error:
        logger.info("compiling in this process, because child processes failed: %s", error)
        return {part: compile_part(part) for part in parts}


def compile_part(part: str) -> bytes:
    """Compile one part in this process."""
    from pellucid.engine.compiler import kernels

    entries = importlib.import_module(f"pellucid.engine.programs.{PARTS[part]}").ENTRIES
    if part != HOME:
        return content_of(entries)
    return content_of(entries, kernels.SHARED, fastcall.ASSEMBLY, [fastcall.SYMBOL])


def content_of(
    entries: Mapping[str, Any],
    exports: Mapping[str, Any] = MappingProxyType({}),
    assembly: str = "",
    symbols: Sequence[str] = (),
) -> bytes:
    """Compile entry points into the content that `pellucid.engine.compiler.library.link` loads.

    The parameters are those of `pellucid.engine.compiler.kernels.compile_entries`; ``symbols`` are the functions of
    ``assembly`` that other code may call.
    """
    from pellucid.engine.compiler import kernels

    code = kernels.compile_entries(entries, exports, assembly)
    header: dict[str, tuple[str, str | None]] = {
        name: (kernels.PREFIX + name, letters_of(kernel.py_func)) for name, kernel in entries.items()
    }
    header |= {symbol: (symbol, None) for symbol in [*exports, *symbols]}
    return json.dumps(header).encode() + b"\n" + code


def _side_by_side(parts: Sequence[str]) -> dict[str, bytes]:
    """Compile each part in a child, and return the children's output."""
    command = _command()
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for part in parts:
            children[part] = subprocess.Popen(
                [*command, part, *import_path()], cwd=_HOME, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        return {part: _answer(child) for part, child in children.items()}
    finally:
        for child in children.values():
            child.kill()
            child.communicate()


def _command() -> list[str]:
    """The command that starts a child, in isolated mode, so that it imports no module from the current folder.

    Raises
    ------
    OSError
        If there is no Python interpreter to start, because the program is frozen or embeds Python.
    """
    if getattr(sys, "frozen", False) or not sys.executable:
        raise OSError("this program is not a Python interpreter")
    options = ["-I"]
    if sys.dont_write_bytecode:
        options.append("-B")
    if sys.pycache_prefix:
        options.append(f"-Xpycache_prefix={sys.pycache_prefix}")
    return [sys.executable, *options, "-c", _START]


def import_path() -> list[str]:
    """The folders that a child searches for modules before its own: this process's, and the one with this package.

    The current folder and relative entries are left out, unless this package was imported from there: a file that
    happens to be in the user's working folder must not run as a module.
    """
    left_out = {os.path.realpath(os.curdir)} - {_HOME}
    folders = [entry for entry in sys.path if Path(entry).is_absolute() and os.path.realpath(entry) not in left_out]
    return folders if _HOME in map(os.path.realpath, folders) else [*folders, _HOME]


def _answer(child: subprocess.Popen[bytes]) -> bytes:
    content, errors = child.communicate()
    if child.returncode:
        raise subprocess.SubprocessError(errors.decode(errors="replace").strip() or f"exit {child.returncode}")
    return content


def serve() -> None:
    """Compile the part named on the command line, and write it to standard output."""
    from pellucid.engine.compiler import kernels

    gc.disable()
    kernels.part = sys.argv[1]
    if kernels.part != HOME and hasattr(os, "nice"):
        os.nice(5)  # HOME takes longest to compile, so it goes first where there are fewer cores than parts
    sys.stdout.buffer.write(compile_part(sys.argv[1]))
