"""The cache of compiled code: it returns what was written for this source and machine, or nothing."""

from __future__ import annotations

import errno
import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pellucid.engine.compiler.cache import SOURCE, Cache, code_folder, version_of
from pellucid.errors import ConfigurationError
from pellucid.system.cache_folder import cache_folder

CODE = b"code" * 50


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "deep" / "down")


@pytest.fixture
def edited(tmp_path: Path) -> Cache:
    """A cache of a source that may be edited."""
    folder = tmp_path / "engine"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Cache(tmp_path, folder)


def test_where_compiled_code_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path))
    assert code_folder() == tmp_path
    monkeypatch.setenv("PELLUCID_CACHE", "")
    assert code_folder() == cache_folder("engine")
    monkeypatch.delenv("PELLUCID_CACHE")
    assert code_folder() == cache_folder("engine")


@pytest.mark.parametrize("path", [".", "cache", "./cache", "../cache", "~/cache"])
def test_a_relative_folder_is_refused(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", path)
    with pytest.raises(ConfigurationError, match="PELLUCID_CACHE expected the whole path"):
        code_folder()


def test_written_code_is_read(cache: Cache) -> None:
    assert cache.read("dense") is None
    cache.write({"dense": CODE, "planes": b""})
    assert cache.read("dense") == CODE
    assert cache.read("planes") == b""
    assert cache.read("sequences") is None
    assert {path.name for path in cache.folder.iterdir()} == {cache.path_of(part).name for part in ("dense", "planes")}


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 200, -1])
def test_a_file_cut_short_is_not_read(cache: Cache, size: int) -> None:
    cache.write({"dense": CODE})
    path = cache.path_of("dense")
    path.write_bytes(path.read_bytes()[:size])
    assert cache.read("dense") is None


@pytest.mark.parametrize("place", [0, 31, 32, 100, -1])
def test_a_flipped_bit_is_noticed(cache: Cache, place: int) -> None:
    cache.write({"dense": CODE})
    path = cache.path_of("dense")
    whole = bytearray(path.read_bytes())
    whole[place] ^= 4
    path.write_bytes(whole)
    assert cache.read("dense") is None


def test_a_file_of_another_format_is_replaced(cache: Cache) -> None:
    cache.folder.mkdir(parents=True)
    cache.path_of("dense").write_bytes(os.urandom(5000))
    assert cache.read("dense") is None
    cache.write({"dense": CODE})
    assert cache.read("dense") == CODE


def write_with_one_warning(cache: Cache) -> str:
    """The warning of a cache that cannot write; the code can still be read from it."""
    with pytest.warns(RuntimeWarning, match=r"every run will compile it again.*PELLUCID_CACHE") as caught:
        cache.write({"dense": CODE, "planes": b"planes"})
    assert len(caught) == 1
    assert cache.read("dense") == CODE
    assert cache.read("planes") == b"planes"
    return str(caught[0].message)


def test_without_a_folder_code_is_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = Cache(None)
    assert one.read("dense") is None
    assert "HOME" in write_with_one_warning(one)
    assert not list(tmp_path.iterdir())
    Cache(tmp_path).write({"dense": CODE})
    assert Cache(None).read("dense") is None


posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead")


@posix_only
@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_written_files_are_trusted_under_any_umask(cache: Cache, umask: int) -> None:
    before = os.umask(umask)
    try:
        cache.write({"dense": CODE})
    finally:
        os.umask(before)
    assert cache.read("dense") == CODE


@posix_only
@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777, 0o1777])
def test_a_folder_that_others_can_write_to(cache: Cache, mode: int) -> None:
    cache.write({"dense": CODE})
    cache.folder.chmod(mode)
    other = Cache(cache.folder)
    assert other.read("dense") is None
    assert f"{cache.folder} (other users can write to it)" in write_with_one_warning(other)
    cache.folder.chmod(0o700)
    assert Cache(cache.folder).read("dense") == CODE


@posix_only
@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_can_write_to_is_replaced(cache: Cache, mode: int) -> None:
    cache.write({"dense": CODE})
    cache.path_of("dense").chmod(mode)
    assert cache.read("dense") is None
    cache.write({"dense": b"new"})
    assert Cache(cache.folder).read("dense") == b"new"


@posix_only
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only the superuser gives files away")
@pytest.mark.parametrize("what", ["folder", "file"])
def test_files_of_another_user_are_not_trusted(cache: Cache, what: str) -> None:
    cache.write({"dense": CODE})
    os.chown(cache.folder if what == "folder" else cache.path_of("dense"), 12345, 12345)
    other = Cache(cache.folder)
    assert other.read("dense") is None
    if what == "folder":
        assert "(it belongs to another user)" in write_with_one_warning(other)


@posix_only
def test_files_of_the_superuser_are_trusted(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write({"dense": CODE})
    number = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert (cache.read("dense") == CODE) == (number == 0)


@posix_only
def test_a_pipe_in_place_of_the_file_is_not_waited_for(cache: Cache) -> None:
    cache.folder.mkdir(parents=True)
    os.mkfifo(cache.path_of("dense"), 0o600)
    assert cache.read("dense") is None
    cache.write({"dense": CODE})
    assert cache.read("dense") == CODE


def test_a_file_where_the_folder_should_be(cache: Cache) -> None:
    cache.folder.parent.write_text("in the way")
    message = write_with_one_warning(cache)
    assert str(cache.folder) in message
    assert cache.folder.parent.read_text() == "in the way"


def test_a_folder_where_the_file_should_be(cache: Cache) -> None:
    cache.path_of("dense").mkdir(parents=True)
    write_with_one_warning(cache)
    assert not list(cache.folder.glob(".*.part"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written_to(cache: Cache) -> None:
    cache.folder.mkdir(parents=True)
    cache.folder.chmod(0o500)
    assert "Permission denied" in write_with_one_warning(cache)


def test_a_file_that_may_not_be_read(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    cache.write({"dense": CODE})
    monkeypatch.setattr(os, "open", refuse)
    assert cache.read("dense") is None


def test_a_full_disk_leaves_nothing_half_written(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    assert "No space left" in write_with_one_warning(cache)
    assert list(cache.folder.iterdir()) == []


def test_an_edited_source_has_another_fingerprint(edited: Cache) -> None:
    before = edited.fingerprint()
    path = edited.source / "kernels" / "matmul.py"
    original = path.read_bytes()
    path.write_bytes(original + b"\n")
    assert edited.fingerprint() != before
    path.write_bytes(original)
    assert edited.fingerprint() == before
    (edited.source / "more.py").write_text("")
    assert edited.fingerprint() != before
    (edited.source / "more.py").rename(edited.source / "fewer.py")
    other = edited.fingerprint()
    (edited.source / "fewer.py").rename(edited.source / "more.py")
    assert edited.fingerprint() != other


def edit(folder: Path) -> None:
    (folder / "one.py").write_text("edited")


def add(folder: Path) -> None:
    (folder / "three.py").write_text("")


def swap(folder: Path) -> None:
    (folder / "one.py").rename(folder / "kept")
    (folder.parent / "one.py").rename(folder / "one.py")
    (folder / "kept").rename(folder.parent / "one.py")


def move(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


@pytest.mark.parametrize("change", [edit, add, swap, move])
def test_stale_code_is_not_read_when_a_subfolder_changes(edited: Cache, change: Callable[[Path], None]) -> None:
    folder = edited.source / "kernels" / "deep"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text("one")
    (folder.parent / "one.py").write_text("another one")
    edited.write({"dense": CODE})
    assert edited.read("dense") == CODE
    change(folder)
    assert edited.read("dense") is None


def test_bytecode_is_not_part_of_the_source(edited: Cache) -> None:
    before = edited.fingerprint()
    (edited.source / "__pycache__").mkdir()
    (edited.source / "__pycache__" / "matmul.cpython-311.pyc").write_bytes(b"bytecode")
    assert edited.fingerprint() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pellucid.engine.compiler.cache.processor", lambda: ("another", "+avx")),
        ("pellucid.engine.compiler.cache.lane_width", lambda: 32),
        ("pellucid.engine.compiler.cache.version_of", lambda package: "0.0"),
        ("platform.machine", lambda: "another"),
        ("platform.python_version", lambda: "3.99"),
    ],
)
def test_the_fingerprint_depends_on_everything_that_affects_the_code(
    cache: Cache, name: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cache.fingerprint()
    monkeypatch.setattr(name, value)
    assert cache.fingerprint() != before


def test_a_version_is_read_from_the_package_or_its_distribution() -> None:
    assert importlib.metadata.version("numba") in version_of("numba")
    assert version_of("numpy") == importlib.metadata.version("numpy")
