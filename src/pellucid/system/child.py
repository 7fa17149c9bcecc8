"""Child processes that run this package in isolated mode: no module of the current folder is imported."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

HOME = str(Path(__file__).resolve().parents[2])
"""The folder that holds this package, from which children are started."""

_FLAG = "--pellucid-child"
"""The first argument of a frozen program that is started as a child."""

_serves = False
"""Whether this frozen program becomes a child if it is started with `_FLAG`."""


def child_command(module: str, argument: str) -> list[str]:
    """The command of a child that calls ``serve(argument)`` of a module of this package.

    Start it in the folder `HOME`. The child is this file, run by the interpreter; or a frozen program itself, if it has
    called `become_child` at its start.

    Raises
    ------
    OSError
        If there is no interpreter to start, because the program is frozen or embeds Python.
    """
    if getattr(sys, "frozen", False) and _serves:
        return [sys.executable, _FLAG, module, argument]
    if getattr(sys, "frozen", False) or not sys.executable:
        raise OSError("this program is not a Python interpreter")
    options = ["-I"]
    if sys.dont_write_bytecode:
        options.append("-B")
    if sys.pycache_prefix:
        options.append(f"-Xpycache_prefix={sys.pycache_prefix}")
    return [sys.executable, *options, str(Path(__file__).resolve()), module, argument, *import_path()]


def become_child() -> None:
    """In a frozen program that was started as a child: serve, and end the process. Otherwise return at once.

    A frozen program calls this before anything else. One that does not never starts itself again: what children do is
    then done in its own process.
    """
    global _serves
    if not getattr(sys, "frozen", False):
        return
    importlib.import_module("multiprocessing").freeze_support()
    if sys.argv[1:2] == [_FLAG]:
        importlib.import_module(sys.argv[2]).serve(sys.argv[3])
        sys.exit()
    _serves = True


def import_path() -> list[str]:
    """The folders that a child searches for modules before its own: this process's, and the one with this package.

    The current folder and relative entries are left out, unless this package was imported from there: a file that
    happens to be in the user's working folder must not run as a module.
    """
    left_out = {os.path.realpath(os.curdir)} - {HOME}
    folders = [entry for entry in sys.path if Path(entry).is_absolute() and os.path.realpath(entry) not in left_out]
    return folders if HOME in map(os.path.realpath, folders) else [*folders, HOME]


if __name__ == "__main__":
    sys.path[:] = [*dict.fromkeys([*sys.argv[3:], *sys.path])]
    importlib.import_module(sys.argv[1]).serve(sys.argv[2])
