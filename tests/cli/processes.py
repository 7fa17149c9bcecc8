"""The command as a process: plain, under a pseudo-terminal, and inside the test if no process is needed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import pellucid

SOURCE = str(Path(pellucid.__file__).parents[1])


@dataclass
class Answer:
    """The result of one call inside the test process."""

    code: int
    out: str
    err: str


Run = Callable[..., Answer]
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07)")


def environment(**more: str) -> dict[str, str]:
    """Return an environment without variables that change the output."""
    quiet = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "LC_ALL", "LANG", "PYTHONIOENCODING", "NUMBA_DISABLE_JIT")
    kept = {name: value for name, value in os.environ.items() if name not in quiet}
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [SOURCE, kept.get("PYTHONPATH")]))
    return kept | {"LANG": "C.UTF-8", "TERM": "xterm-256color", "COLORTERM": "truecolor"} | more


def call(*arguments: object, cwd: Path, stdin: bytes | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "pellucid", *map(str, arguments)],
        cwd=cwd, env=environment(**more), input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def begin(*arguments: object, cwd: Path, **more: str) -> subprocess.Popen[str]:
    """Start the command, for a test that interrupts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "pellucid", *map(str, arguments)],
        cwd=cwd, env=environment(**more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


@dataclass
class Shown:
    """The output sent to a terminal."""

    code: int
    raw: str

    @property
    def text(self) -> str:
        """The output without colours and cursor movements."""
        return _ESCAPE.sub("", self.raw).replace("\r\n", "\n")

    @property
    def lines(self) -> list[str]:
        """The final lines of the terminal, after all overwriting."""
        return [line.rsplit("\r", 1)[-1] for line in self.text.split("\n")]


def in_terminal(
    *arguments: object,
    cwd: Path,
    width: int = 80,
    disturb: Callable[[int, str], bool] | None = None,
    module: str = "pellucid",
    **more: str,
) -> Shown:
    """Run the command in a pseudo-terminal; ``disturb(process, output so far)`` is called until it returns True."""
    pty = pytest.importorskip("pty", reason="needs pseudo-terminals")
    import fcntl
    import struct
    import termios

    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=cwd, env=environment(**more), stdin=its, stdout=its, stderr=its, start_new_session=True,
    )  # fmt: skip
    os.close(its)
    received, disturbed, deadline = b"", disturb is None, time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        received += part
        if not disturbed and disturb is not None:
            disturbed = disturb(process.pid, received.decode(errors="replace"))
    os.close(ours)
    try:
        code = process.wait(timeout=20)
    finally:
        process.kill()
    return Shown(code, received.decode())
