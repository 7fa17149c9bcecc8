"""Only regular files are opened, and opening never blocks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pellucid.system.regular_file import open_regular

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def test_a_file_and_a_link_to_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one\r\ntwo\x1a")
    for place in (path, tmp_path / "link"):
        if place != path and sys.platform != "win32":
            place.symlink_to(path)
        with open_regular(place if place.exists() else path) as file:
            assert file.read() == b"one\r\ntwo\x1a"


@posix_only
def test_what_is_no_file_is_closed_again(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(os.devnull)
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    for path, why in (
        (tmp_path, "it is a folder"),
        (tmp_path / "pipe", "it is a device or a pipe"),
        (Path(os.devnull), "it is a device or a pipe"),
        (tmp_path / "link", "it is a device or a pipe"),
    ):
        with pytest.raises(OSError, match=why):
            open_regular(path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "missing")
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208
