"""Child processes that run this package in isolated mode: no module of the current folder is imported."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HOME = str(Path(__file__).resolve().parents[2])
"""The folder that holds this package, from which children are started."""

_START = (
    "import importlib, sys; sys.path[:] = [*dict.fromkeys([*sys.argv[3:], *sys.path])]; "
    "importlib.import_module(sys.argv[1]).serve(sys.argv[2])"
)
"""The code that a child runs; its arguments are a module, the argument of its ``serve``, and the import path."""


def child_command(module: str, argument: str) -> list[str]:
    """The command of a child that calls ``serve(argument)`` of a module of this package.

    Start it in the folder `HOME`.

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
    return [sys.executable, *options, "-c", _START, module, argument, *import_path()]


def import_path() -> list[str]:
    """The folders that a child searches for modules before its own: this process's, and the one with this package.

    The current folder and relative entries are left out, unless this package was imported from there: a file that
    happens to be in the user's working folder must not run as a module.
    """
    left_out = {os.path.realpath(os.curdir)} - {HOME}
    folders = [entry for entry in sys.path if Path(entry).is_absolute() and os.path.realpath(entry) not in left_out]
    return folders if HOME in map(os.path.realpath, folders) else [*folders, HOME]
