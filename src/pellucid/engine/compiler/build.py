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
from types import MappingProxyType
from typing import Any

from pellucid.engine.compiler import fastcall
from pellucid.engine.compiler.parts import HOME, PARTS
from pellucid.engine.compiler.signature import letters_of
from pellucid.system.child import HOME as HOME_FOLDER
from pellucid.system.child import child_command

logger = logging.getLogger("pellucid")


def build(parts: Sequence[str]) -> dict[str, bytes]:
    """Compile parts of the engine.

    Returns
    -------
    dict of str to bytes
        The content of each part: a line of JSON, ``{name: [symbol, letters]}``, then the object file. Symbols without
        letters are functions that other parts call.
    """
    try:
        return build_in_children(parts, os.environ)
    except (OSError, subprocess.SubprocessError) as error:
        logger.info("compiling in this process, because child processes failed: %s", error)
        return {part: compile_part(part) for part in parts}


def compile_part(part: str) -> bytes:
    """Compile one part in this process."""
    from pellucid.engine.compiler import kernels

    entries = importlib.import_module(f"pellucid.engine.programs.{PARTS[part]}").ENTRIES
    if part != HOME:
        return content_of(entries, home=part)
    return content_of(entries, kernels.SHARED, fastcall.ASSEMBLY, [fastcall.SYMBOL], home=part)


def content_of(
    entries: Mapping[str, Any],
    exports: Mapping[str, Any] = MappingProxyType({}),
    assembly: str = "",
    symbols: Sequence[str] = (),
    *,
    home: str = "",
) -> bytes:
    """Compile entry points into the content that `pellucid.engine.compiler.library.link` loads.

    The parameters are those of `pellucid.engine.compiler.kernels.compile_entries`; ``symbols`` are the functions of
    ``assembly`` that other code may call, and ``home`` is the part, so that entry points of all parts can be linked.
    """
    from pellucid.engine.compiler import kernels

    names = {name: f"{home}_{name}" if home else name for name in entries}
    code = kernels.compile_entries({names[name]: kernel for name, kernel in entries.items()}, exports, assembly)
    header: dict[str, tuple[str, str | None]] = {
        name: (kernels.PREFIX + names[name], letters_of(kernel.py_func)) for name, kernel in entries.items()
    }
    header |= {symbol: (symbol, None) for symbol in [*exports, *symbols]}
    return json.dumps(header).encode() + b"\n" + code


def build_in_children(parts: Sequence[str], environment: Mapping[str, str]) -> dict[str, bytes]:
    """Compile each part in a child with this environment, and return the children's output.

    Raises
    ------
    OSError, subprocess.SubprocessError
        If a child cannot be started, or fails.
    """
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for part in parts:
            children[part] = subprocess.Popen(
                child_command(__name__, part), cwd=HOME_FOLDER, env=dict(environment), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        return {part: _answer(child) for part, child in children.items()}
    finally:
        for child in children.values():
            child.kill()
            child.communicate()


def _answer(child: subprocess.Popen[bytes]) -> bytes:
    content, errors = child.communicate()
    if child.returncode:
        raise subprocess.SubprocessError(errors.decode(errors="replace").strip() or f"exit {child.returncode}")
    return content


def serve(part: str) -> None:
    """Compile a part, and write it to standard output."""
    from pellucid.engine.compiler import kernels

    gc.disable()
    kernels.part = part
    if part != HOME and hasattr(os, "nice"):
        os.nice(5)  # HOME takes longest to compile, so it goes first where there are fewer cores than parts
    sys.stdout.buffer.write(compile_part(part))
