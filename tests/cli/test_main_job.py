"""`pellucid` without a command, as a process: piped, in several kinds of terminals, and in a read-only folder."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from cli.processes import call, environment, in_terminal


@pytest.fixture(scope="module")
def piped(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run the main job without a terminal; return its output and folder."""
    folder = tmp_path_factory.mktemp("piped")
    return call(cwd=folder), folder


def test_the_main_job_trains_reads_saves_and_suggests_commands(
    piped: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, folder = piped
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    correct = int(re.search(r"it reads ([\d,]+) right", done.stdout)[1].replace(",", ""))  # type: ignore[index]
    assert correct >= 0.92 * 2000
    assert re.search(r"^epoch  1 of \d+  loss \d", done.stdout, re.MULTILINE)
    assert sorted(path.name for path in folder.iterdir()) == ["digits.safetensors"]

    net, test = pl.load(folder / "digits.safetensors"), pl.data.load("digits").test
    assert net.parameter_count == 13_002
    assert (net(test.images).argmax(1) == test.labels).sum() == correct
    assert net.record["test_accuracy"] == pytest.approx(correct / 2000)

    wrong = re.findall(r"(\d) at (0\.\d\d|1\.00), then (\d) at (0\.\d\d): it is (\d)", done.stdout)
    assert wrong
    assert all(best != truth and float(share) >= float(next_share) for best, share, _, next_share, truth in wrong)
    assert f"{2000 - correct:,}" in done.stdout.split("Read wrong", 1)[1].splitlines()[0]
    _suggestions_work(done.stdout, folder)


def _suggestions_work(out: str, folder: Path) -> None:
    suggested = [line.split("pellucid ", 1)[1].split("  ")[0] for line in out.splitlines() if " -m pellucid " in line]
    assert len(suggested) >= 3
    look = next(line for line in suggested if line.startswith("look"))
    assert call(*look.split(), cwd=folder).returncode == 0


@pytest.mark.parametrize("width", [40, 80])
def test_a_terminal_shows_progress_and_no_line_is_too_long(tmp_path: Path, width: int) -> None:
    shown = in_terminal(cwd=tmp_path, width=width)
    assert shown.code == 0, shown.text
    assert "\x1b[?25l" in shown.raw
    assert shown.raw.rindex("\x1b[?25h") > shown.raw.rindex("\x1b[?25l")
    assert "▀" in shown.text
    assert "held out" in shown.text
    assert "images a second" in shown.text
    commands = [line for line in shown.lines if " -m pellucid " in line]
    assert max(len(line) for line in shown.lines if line not in commands) <= width
    assert commands


def test_without_colour_pictures_are_drawn_in_one_colour(tmp_path: Path) -> None:
    shown = in_terminal(cwd=tmp_path, width=121, NO_COLOR="1")
    assert shown.code == 0
    assert not re.search(r"\x1b\[[0-9;]*\b(3[0-9]|4[0-9]|9[0-7])\b[0-9;]*m", shown.raw)
    assert "█" in shown.text


@pytest.mark.parametrize("more", [{"LANG": "C"}, {"PYTHONIOENCODING": "ascii"}], ids=["C locale", "ASCII stream"])
def test_an_ascii_terminal_gets_ascii_and_the_same_bits(
    tmp_path: Path, more: dict[str, str], piped: tuple[subprocess.CompletedProcess[str], Path]
) -> None:
    done = call(cwd=tmp_path, **more)
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "\\x" not in done.stdout
    assert "\\u" not in done.stdout
    assert re.search(r"\d #+ +0\.\d\d", done.stdout)
    here, there = (pl.load(folder / "digits.safetensors").parameters for folder in (tmp_path, piped[1]))
    np.testing.assert_array_equal(here, there)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
def test_a_read_only_folder_is_reported_and_the_digits_are_still_read(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = "import os, sys; os.rmdir(os.getcwd()); from pellucid.cli import main; main([])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=gone, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "The network was not saved. Could not write digits.safetensors" in done.stdout
    assert "Read right" in done.stdout
