"""Files written whole: what stands there is the old content or the new, and nothing else is left behind."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pellucid.system.atomic_write import write_whole


def test_new_and_over_what_was_there(tmp_path: Path) -> None:
    for content in (b"first", b"", b"longer than before"):
        write_whole(tmp_path / "file", content)
        assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("file", content)]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "file", b"old")

    def fill(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "file", b"new")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("file", b"old")]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "file", b"content")
