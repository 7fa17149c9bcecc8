"""Atomic writes: a file has the old content or the new, and nothing else is left behind."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

import pellucid
from pellucid.system import atomic_write
from pellucid.system.atomic_write import replace_whole, write_whole

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other files and permissions")
READS = 10_000
PAGE = 64 * 1024


def contents(folder: Path) -> list[tuple[str, bytes]]:
    return sorted((entry.name, entry.read_bytes()) for entry in folder.iterdir())


def test_new_and_over_what_was_there(tmp_path: Path) -> None:
    for content in (b"first", b"", b"longer than before"):
        write_whole(tmp_path / "file", content)
        assert contents(tmp_path) == [("file", content)]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "file", b"old")

    def fill(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "file", b"new")
    assert contents(tmp_path) == [("file", b"old")]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "file", b"content")


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127, "[*]?.x"])
def test_any_name(name: str, tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        write_whole(tmp_path / name, content)
        assert contents(tmp_path) == [(name, content)]


def test_threads_that_write_one_file(tmp_path: Path) -> None:
    """Four processes write and two read: every read returns one complete content."""
    path = tmp_path / "file"
    wholes = {bytes([number]) * (PAGE + number) for number in range(4)}
    ended = threading.Event()

    def write(content: bytes) -> int:
        count = 0
        while not ended.is_set():
            write_whole(path, content)
            count += 1
        return count

    def read(_: int) -> bool:
        return all(path.read_bytes() in wholes for _ in range(READS // 2))

    write_whole(path, min(wholes))
    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write, content) for content in wholes]
        try:
            assert all(pool.map(read, range(2)))
        finally:
            ended.set()
        assert all(writer.result() for writer in writers)
    assert [name for name, _ in contents(tmp_path)] == ["file"]


def test_part_files_are_never_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An existing temporary file, or a link in its place, is not written through."""
    monkeypatch.setattr("secrets.token_hex", lambda count: "0" * 2 * count)
    (tmp_path / "else").write_bytes(b"else")
    (tmp_path / f".file.{'0' * 16}.part").symlink_to(tmp_path / "else")
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "file", b"content")
    assert (tmp_path / "else").read_bytes() == b"else"
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("refused", [0, 1, 3, 4])
def test_a_file_that_is_open_elsewhere_is_replaced_as_soon_as_it_is_closed(
    refused: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to replace open files; what was there stays if it remains open."""
    replace, left = Path.replace, refused

    def replaced(self: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left >= 0:
            raise PermissionError(errno.EACCES, "Access is denied")
        return replace(self, target)

    write_whole(tmp_path / "file", b"old")
    monkeypatch.setattr(atomic_write, "_PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(Path, "replace", replaced)
    with nullcontext() if refused < 4 else pytest.raises(PermissionError):
        write_whole(tmp_path / "file", b"new")
    assert contents(tmp_path) == [("file", b"new" if refused < 4 else b"old")]


@posix_only
def test_the_folder_is_flushed_after_the_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    replace, fsync = Path.replace, os.fsync

    def moved(self: Path, target: Path) -> Path:
        done.append("move")
        return replace(self, target)

    def flushed(number: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file")
        fsync(number)

    monkeypatch.setattr(Path, "replace", moved)
    monkeypatch.setattr(os, "fsync", flushed)
    write_whole(tmp_path / "file", b"content")
    assert done == ["file", "move", "folder"]


def test_part_files_of_killed_writers_are_removed(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in (".file.4711.part", ".file.0a1b.part", ".file.x.0a1b.part"))
    for path in (old, new, other):
        path.write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    for path in (old, other):
        os.utime(path, (yesterday, yesterday))
    write_whole(tmp_path / "file", b"content")
    assert contents(tmp_path) == [(new.name, b"half"), (other.name, b"half"), ("file", b"content")]


@posix_only
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_file_has_the_permissions_that_open_gives(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "file", b"content")
        (tmp_path / "plain").touch()
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode


@posix_only
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755, 0o444])
def test_the_permissions_of_a_file_stay(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(mode)
    write_whole(path, b"content")
    assert path.stat().st_mode & 0o777 == mode
    replace_whole(path, b"content", 0o640)
    assert path.stat().st_mode & 0o777 == 0o640


@posix_only
@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_leads_to_the_content(there: bool, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    file, middle, link = tmp_path / "far" / "file", tmp_path / "far" / "middle", tmp_path / "near" / "link"
    middle.symlink_to("file")
    link.symlink_to(middle)
    if there:
        file.write_bytes(b"old")
    write_whole(link, b"new")
    assert link.is_symlink()
    assert middle.is_symlink()
    assert not file.is_symlink()
    assert file.read_bytes() == b"new"
    assert len(list(tmp_path.rglob("*"))) == 5


@posix_only
def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(OSError, match="symbolic links"):
        write_whole(tmp_path / "one", b"content")
    assert (tmp_path / "one").is_symlink()


@posix_only
def test_a_device_stays_a_device(tmp_path: Path) -> None:
    null = Path(os.devnull)
    (tmp_path / "link").symlink_to(null)
    for path in (null, tmp_path / "link"):
        write_whole(path, b"content")
        assert path.is_char_device()
    assert [entry.name for entry in tmp_path.iterdir()] == ["link"]


@posix_only
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_device_that_takes_nothing() -> None:
    with pytest.raises(OSError, match="No space left"):
        write_whole(Path("/dev/full"), b"content")


@posix_only
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_bytes)
        write_whole(pipe, b"content")
        assert read.result(10) == b"content"
    assert pipe.is_fifo()


@posix_only
def test_a_pipe_or_a_link_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "else").write_bytes(b"else")
    (tmp_path / "link").symlink_to("else")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        replace_whole(tmp_path / name, b"content")
    assert contents(tmp_path) == [("else", b"else"), ("link", b"content"), ("pipe", b"content")]
    assert not (tmp_path / "link").is_symlink()


WRITE = """
import os
from pathlib import Path
from pellucid.system.atomic_write import write_whole
write_whole(Path("/dev/stdout"), b"content")
assert os.fstat(1).st_nlink == 1, "the file that is printed to was replaced"
"""


@posix_only
@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="a link of most systems")
def test_standard_output_by_its_name(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(pellucid.__file__).parent.parent)}
    command = [sys.executable, "-c", WRITE]
    assert subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout == b"content"
    with (tmp_path / "file").open("wb") as file:
        subprocess.run(command, env=environment, stdout=file, check=True)
    assert contents(tmp_path) == [("file", b"content")]


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - systems say it differently
        write_whole(tmp_path / "folder", b"content")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
