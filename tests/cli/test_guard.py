"""The outermost layer of the process: internal errors, user errors, closed pipes, compilation during the first run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import pellucid as pl
from cli.processes import Run, begin, environment, in_terminal
from pellucid.engine.compiler import library


def crash(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (pl.DataError("two\nlines \x1b[2J"), 2, "error: two lines ?[2J\n"),
        (MemoryError(), 2, "error: not enough memory: choose a smaller network or data set.\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
    ],
)
def test_endings(run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str) -> None:
    monkeypatch.setattr("pellucid.data.load", crash(error))
    done = run("train")
    assert (done.code, done.err) == (code, said)


def test_an_internal_error_has_a_traceback_and_exit_code_1(tmp_path: Path) -> None:
    script = "import pellucid.data as d; d.load = lambda *a, **k: 1 / 0; from pellucid.cli import main; main(['train'])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert "ZeroDivisionError" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes as Unix has them")
@pytest.mark.parametrize("arguments", [[], ["train", "--epochs", "100000", "--json"], ["train", "--help"]])
def test_a_closed_pipe_ends_the_command_quietly(tmp_path: Path, arguments: list[str]) -> None:
    with begin(*arguments, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) in (0, 141)


def test_a_warning_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import warnings

    def load(*_: object, **__: object) -> None:
        warnings.warn("the cache cannot be kept", RuntimeWarning, stacklevel=2)
        raise pl.DataError("and no data")

    monkeypatch.setattr("pellucid.data.load", load)
    warnings.simplefilter("always")
    assert run("train").err == "warning: the cache cannot be kept\nerror: and no data\n"


COMPILING = (
    "import time; from pellucid.engine.compiler import library; from pellucid.cli.compiling import announced; "
    "from pellucid.cli.terminal import Terminal\n"
    "with announced(Terminal()):\n"
    "    for listener in library.listeners: listener('compiling', 0.0)\n"
    "    time.sleep(0.5)\n"
    "    for listener in library.listeners: listener('compiled', 6.84)\n"
    "print('ready', len(library.listeners))"
)


def test_compilation_and_its_time_are_reported(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMPILING], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    first, second, last = done.stdout.splitlines()
    assert first.startswith("First run here: compiling the engine for this processor (")
    assert second == "Compiled in 6.8 s; later runs start immediately."
    assert last == "ready 0"


def test_compilation_counts_seconds_in_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pellucid_compiling.py").write_text(COMPILING)
    shown = in_terminal(cwd=tmp_path, module="pellucid_compiling")
    assert shown.code == 0, shown.text
    assert "compiling, 0 s" in shown.text
    assert shown.lines[-2] == "ready 0"
    assert shown.raw.rindex("\x1b[?25h") > shown.raw.rindex("\x1b[?25l")


def test_an_interruption_during_compilation_leaves_no_listener() -> None:
    from pellucid.cli.compiling import announced

    before = list(library.listeners)
    with pytest.raises(KeyboardInterrupt), announced():
        raise KeyboardInterrupt
    assert library.listeners == before
