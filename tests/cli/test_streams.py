"""Streams that are closed, full or without a reader: every command ends quietly, with the correct exit code."""

from __future__ import annotations

import io
import os
import shlex
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import pytest

import pellucid as pl
from cli.processes import begin, environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="streams as Unix has them")
on_linux = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")

COMMANDS = {
    "help": "--help",
    "version": "--version",
    "main": "",
    "train": "train --epochs 1",
    "train, JSON": "train --epochs 1 --json",
    "read": "read sheet.png --model digits-relu",
    "read, several": "read sheet.png sheet.png --model digits-relu",
    "read, JSON": "read sheet.png --model digits-relu --json",
    "hear": "hear said.wav",
    "hear, several": "hear said.wav said.wav",
    "hear, JSON": "hear said.wav --json",
    "look": "look digits-relu",
    "look, saved": "look digits-relu --save weights.png",
    "bench": "bench --quick --rounds 1 --only '784-16-16-10, batch 32'",
    "studio": "studio --no-browser --port 0",
}
ENDLESS = {"studio"}
LONG = ("train", "--epochs", 80, "--patience", 10_000)


@pytest.fixture(scope="module")
def said() -> bytes:
    """A recording of a digit."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(pl.data.load("spoken").train.samples(0).astype("<i2").tobytes())
    return content.getvalue()


@pytest.fixture
def folder(tmp_path: Path, sheet: tuple[Path, str], said: bytes) -> Path:
    """A folder with a picture and a recording."""
    (tmp_path / "sheet.png").write_bytes(sheet[0].read_bytes())
    (tmp_path / "said.wav").write_bytes(said)
    return tmp_path


def shell(arguments: str, redirections: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a shell that redirects its streams, and keep the rest of its output."""
    line = f"exec {shlex.quote(sys.executable)} -m pellucid {arguments} {redirections}"
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
        check=False,
    )  # fmt: skip


def half_written(folder: Path) -> list[str]:
    """Files that are temporary or cannot be loaded."""
    for path in folder.glob("*.safetensors"):
        pl.load(path)
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


@on_linux
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_reported_in_one_line(name: str, folder: Path) -> None:
    done = shell(COMMANDS[name], "> /dev/full", folder)
    last = done.stderr.decode().splitlines()[-1]
    assert last == "error: Could not print: No space left on device. Redirect the output to another place."
    assert b"Traceback" not in done.stderr
    assert name == "bench" or done.stderr.count(b"\n") == 1
    assert done.returncode == 2
    assert half_written(folder) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_pipe_without_a_reader(name: str, folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, "-m", "pellucid", *shlex.split(COMMANDS[name])],
        cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        os.close(writing)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 141
    assert name == "bench" or errors == b""
    assert b"Traceback" not in errors
    assert half_written(folder) == []


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - ENDLESS - {"bench"}))
@pytest.mark.parametrize("redirections", [">&-", "<&- >&- 2>&-"], ids=["output", "all"])
def test_closed_streams_have_no_effect(name: str, redirections: str, folder: Path) -> None:
    done = shell(COMMANDS[name], redirections, folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    if name in ("main", "train", "train, JSON"):
        assert pl.load(folder / "digits.safetensors").parameter_count == 13_002
    if name == "look, saved":
        assert (folder / "weights.png").read_bytes().startswith(b"\x89PNG")
    assert half_written(folder) == []


@on_linux
@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full"])
def test_failed_writes_to_standard_error_are_dropped(redirection: str, folder: Path) -> None:
    done = shell("train --epochs 1 --json", redirection, folder)
    assert done.returncode == 0
    assert done.stdout.startswith(b'{"epoch": 1, ')
    assert done.stdout.count(b"\n") == 1
    failed = shell("look no-such-network", redirection, folder)
    assert (failed.returncode, failed.stdout) == (2, b"")


@pytest.mark.parametrize("command", ["read -", "hear -"])
def test_closed_standard_input_is_an_error(command: str, folder: Path) -> None:
    done = shell(command, "<&-", folder)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"error: ")
    assert done.stderr.count(b"\n") == 1


def test_training_under_nohup_survives_the_hang_up(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = begin(*LONG, "--json", cwd=tmp_path)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.stdout is not None
    first = process.stdout.readline()
    for _ in range(3):
        process.send_signal(signal.SIGHUP)
    assert process.stderr is not None
    with process.stdout, process.stderr:
        rest, errors = process.stdout.read(), process.stderr.read()
    assert process.wait(timeout=60) == 0, errors
    assert (first + rest).count("\n") == 80
    assert (tmp_path / "digits.safetensors").exists()


def test_a_hang_up_saves_the_network(tmp_path: Path) -> None:
    process = begin(*LONG, "--json", cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGHUP
    assert pl.load(tmp_path / "digits.safetensors").parameter_count == 13_002


@pytest.mark.parametrize("hung_up", [False, True])
def test_a_terminal_that_disappears(hung_up: bool, tmp_path: Path) -> None:
    """Training continues without the terminal, or saves the network if it also gets a hang-up signal."""
    pty = pytest.importorskip("pty", reason="needs pseudo-terminals")
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pellucid", *map(str, LONG)],
        cwd=tmp_path, env=environment(), stdin=its, stdout=its, stderr=its, start_new_session=True,
    )  # fmt: skip
    os.close(its)
    shown, deadline = b"", time.monotonic() + 60
    while b"epoch" not in shown and time.monotonic() < deadline:
        shown += os.read(ours, 65536)
    os.close(ours)
    if hung_up:
        process.send_signal(signal.SIGHUP)
    try:
        assert process.wait(timeout=60) == (128 + signal.SIGHUP if hung_up else 0)
    finally:
        process.kill()
    net = pl.load(tmp_path / "digits.safetensors")
    assert ("test_accuracy" in net.record) == (not hung_up)
