"""The cache of compiled code: whatever happens to it, results are right, and at most one warning tells."""

from __future__ import annotations

import errno
import importlib.metadata
import os
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid.engine import build, functions, library
from pellucid.engine.lanes import PLAIN

compiled_only = pytest.mark.skipif(PLAIN, reason="plain Python is not compiled")
PACKAGE = Path(pellucid.__file__).parent


def works(engine: library.Engine) -> bool:
    x, y = np.linspace(-4, 4, 64, dtype=np.float32), np.zeros(64, np.float32)
    engine.apply(functions.TANH, y, x, 64)
    return np.allclose(y, np.tanh(x), atol=1e-6)


@pytest.fixture(scope="module")
def content() -> bytes:
    """The engine of this processor, as a cache file holds it."""
    library.engine()
    path = library.cache_folder() / f"engine-{library.fingerprint()}.bin"
    return library._read(path) or library._compile(["engine"])["engine"]


class Compiler:
    """Stands in for the compiler: counts, and hands out what was compiled before."""

    def __init__(self, content: bytes) -> None:
        self.calls = 0
        self._content = content

    def __call__(self, parts: Sequence[str]) -> dict[str, bytes]:
        self.calls += 1
        return dict.fromkeys(parts, self._content)


@pytest.fixture
def compiler(content: bytes, monkeypatch: pytest.MonkeyPatch) -> Compiler:
    stub = Compiler(content)
    monkeypatch.setattr(library, "_compile", stub)
    return stub


def files() -> list[str]:
    """The names of all the parts' files."""
    return sorted(library._path(part).name for part in library.PARTS)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "deep" / "down"
    monkeypatch.setenv("PELLUCID_CACHE", str(folder))
    monkeypatch.setattr(library, "_compiled", {})
    return folder


def test_where_compiled_code_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path))
    assert library.cache_folder() == tmp_path
    for empty in ("", None):
        if empty is None:
            monkeypatch.delenv("PELLUCID_CACHE")
        else:
            monkeypatch.setenv("PELLUCID_CACHE", empty)
        assert library.cache_folder().name == "pellucid"
        assert not library.cache_folder().is_relative_to(PACKAGE)


@compiled_only
def test_compiled_once_and_kept(cache: Path, compiler: Compiler) -> None:
    assert works(library._compiled_engine())
    assert works(library._compiled_engine())
    assert compiler.calls == 1
    assert sorted(path.name for path in cache.iterdir()) == files()


@compiled_only
@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 200, -1, -1000])
def test_a_file_cut_short_is_made_again(cache: Path, compiler: Compiler, size: int) -> None:
    library._compiled_engine()
    path = library._path("engine")
    whole = path.read_bytes()
    path.write_bytes(whole[:size])
    assert works(library._compiled_engine())
    assert compiler.calls == 2
    assert path.read_bytes() == whole


@compiled_only
@pytest.mark.parametrize("place", [0, 31, 32, 100, 5000, -1])
def test_a_flipped_bit_is_noticed(cache: Path, compiler: Compiler, place: int) -> None:
    library._compiled_engine()
    path = library._path("engine")
    whole = bytearray(path.read_bytes())
    whole[place] ^= 4
    path.write_bytes(whole)
    assert works(library._compiled_engine())
    assert compiler.calls == 2


@compiled_only
def test_bytes_of_another_kind_are_replaced(cache: Path, compiler: Compiler) -> None:
    cache.mkdir(parents=True)
    path = cache / f"engine-{library.fingerprint()}.bin"
    path.write_bytes(os.urandom(5000))
    assert works(library._compiled_engine())
    assert compiler.calls == 1
    assert works(library._compiled_engine())
    assert compiler.calls == 1


def one_warning_and_a_working_engine() -> str:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert works(library._compiled_engine())
    assert [warning.category for warning in told] == [RuntimeWarning]
    return str(told[0].message)


@compiled_only
def test_a_file_where_the_folder_should_be(cache: Path, compiler: Compiler) -> None:
    cache.parent.parent.mkdir(exist_ok=True)
    cache.parent.write_text("in the way")
    message = one_warning_and_a_working_engine()
    assert str(cache) in message
    assert "PELLUCID_CACHE" in message
    assert cache.parent.read_text() == "in the way"


@compiled_only
def test_a_folder_where_the_file_should_be(cache: Path, compiler: Compiler) -> None:
    (cache / f"engine-{library.fingerprint()}.bin").mkdir(parents=True)
    one_warning_and_a_working_engine()
    assert not list(cache.glob(".*.part"))


@compiled_only
def test_a_folder_that_may_not_be_written_to(cache: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, content: bytes) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(library, "write_whole", refuse)
    assert "Permission denied" in one_warning_and_a_working_engine()
    assert works(library._compiled_engine())
    assert compiler.calls == 1


@compiled_only
def test_a_file_that_may_not_be_read(cache: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    library._compiled_engine()

    def refuse(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(library, "_read", lambda path: None)
    assert works(library._compiled_engine())
    monkeypatch.undo()
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert library._read(cache / "engine.bin") is None


@compiled_only
def test_a_full_disk_leaves_nothing_half_written(
    cache: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    assert "No space left" in one_warning_and_a_working_engine()
    assert list(cache.iterdir()) == []


@compiled_only
def test_what_a_killed_process_left_is_no_hindrance(cache: Path, compiler: Compiler) -> None:
    cache.mkdir(parents=True)
    for pid in (1, os.getpid()):
        (cache / f".engine-{library.fingerprint()}.bin.{pid}.part").write_bytes(b"half")
    assert works(library._compiled_engine())
    assert works(library._compiled_engine())
    assert compiler.calls == 1


def test_threads_that_come_at_once_share_one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def slow(part: str) -> library.Engine:
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return library.Engine({})

    monkeypatch.setattr(library, "_engines", {})
    monkeypatch.setattr(library, "_compiled_engine", slow)
    monkeypatch.setattr(library, "_plain_engine", slow)
    with ThreadPoolExecutor(6) as pool:
        engines = list(pool.map(lambda _: library.engine(), range(6)))
    assert len(calls) == 1
    assert len({id(engine) for engine in engines}) == 1


TWO_AT_ONCE = """
import sys, time
from pathlib import Path
import numpy as np
from pellucid.engine import library
def compile(parts):
    time.sleep(0.5)
    return dict.fromkeys(parts, Path(sys.argv[1]).read_bytes())
library._compile = compile
x, y = np.linspace(-4, 4, 64, dtype=np.float32), np.zeros(64, np.float32)
library._compiled_engine().apply(3, y, x, 64)
assert np.allclose(y, np.tanh(x), atol=1e-6)
"""


@compiled_only
def test_processes_that_come_at_once(cache: Path, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(content)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", TWO_AT_ONCE, str(tmp_path / "content")]
    both = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told.decode()
    assert sorted(path.name for path in cache.iterdir()) == files()


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the engine's source, which the fingerprint is taken of."""
    folder = tmp_path / "engine"
    shutil.copytree(PACKAGE / "engine", folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(library, "_SOURCE", folder)
    return folder


def test_an_edited_source_has_another_fingerprint(source: Path) -> None:
    before = library.fingerprint()
    path = source / "matmul.py"
    original = path.read_bytes()
    path.write_bytes(original + b"\n")
    assert library.fingerprint() != before
    path.write_bytes(original)
    assert library.fingerprint() == before
    (source / "more.py").write_text("")
    assert library.fingerprint() != before
    (source / "more.py").rename(source / "fewer.py")
    other = library.fingerprint()
    (source / "fewer.py").rename(source / "more.py")
    assert library.fingerprint() != other


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pellucid.engine.library.processor", lambda: ("another", "+avx")),
        ("pellucid.engine.library.lane_width", lambda: 32),
        ("pellucid.engine.library.version_of", lambda package: "0.0"),
        ("platform.machine", lambda: "another"),
        ("platform.python_version", lambda: "3.99"),
    ],
)
def test_all_that_the_code_depends_on_is_in_the_fingerprint(
    name: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = library.fingerprint()
    monkeypatch.setattr(name, value)
    assert library.fingerprint() != before


def test_a_version_is_what_the_package_says_or_its_distribution() -> None:
    assert importlib.metadata.version("numba") in library.version_of("numba")
    assert library.version_of("numpy") == importlib.metadata.version("numpy")


@compiled_only
def test_another_source_never_gets_the_old_code(cache: Path, compiler: Compiler, source: Path) -> None:
    library._compiled_engine()
    (source / "ink.py").write_text("# edited")
    library._compiled_engine()
    assert compiler.calls == 2
    assert len(list(cache.iterdir())) == 2 * len(library.PARTS)


@compiled_only
def test_listeners_hear_of_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, float]] = []
    monkeypatch.setattr(build, "build", lambda parts: dict.fromkeys(parts, b"code"))
    monkeypatch.setattr(library, "listeners", [lambda event, seconds: heard.append((event, seconds))])
    assert library._compile(["tiles"]) == {"tiles": b"code"}
    assert [event for event, _ in heard] == ["compiling", "compiled"]
    assert heard[1][1] >= 0


@compiled_only
def test_other_parts_call_the_engine_that_stays(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    library.engine()
    offered: list[str] = []
    monkeypatch.setattr("llvmlite.binding.add_symbol", lambda symbol, address: offered.append(symbol))
    passing = library._link(content)
    assert passing.shared
    assert not offered
    library._offer(passing)
    assert offered == list(passing.shared)


@compiled_only
def test_what_is_kept_is_not_compiled_again(cache: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    library._compiled_engine()
    library._path("tiles").unlink()
    asked: list[list[str]] = []
    monkeypatch.setattr(library, "_compile", lambda parts: asked.append(list(parts)) or compiler(parts))
    library._compiled_engine("tiles")
    library._compiled_engine("sequences")
    assert asked == [["tiles"]]


def test_an_entry_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match="no entry point 'fly'"):
        library.engine().fly  # noqa: B018


def test_many_threads_call_with_arguments_of_their_own() -> None:
    """Arguments are passed in a block of memory; a block that is freed too soon would be another thread's."""
    engine, rounds = library.engine(), 3 if PLAIN else 400

    def work(seed: int) -> bool:
        x = np.random.default_rng(seed).uniform(-3, 3, 64).astype(np.float32)
        truth, y = np.exp(x), np.zeros(64, np.float32)
        for _ in range(rounds):
            y[...] = 0
            engine.apply(functions.EXP, y, x, 64)
            if not np.allclose(y, truth, rtol=1e-5):
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(16)))


def test_arrays_are_passed_whatever_they_are_and_numbers_past_float32_as_infinite() -> None:
    writable = np.arange(6, dtype=np.float32)
    frozen = writable.copy()
    frozen.flags.writeable = False
    some = (writable, frozen, writable[2:], writable[::2], np.zeros(0, np.float32))
    assert [library._address(array) for array in some] == [array.ctypes.data for array in some]
    if not PLAIN:
        call = library.engine().collect.bind(*[np.zeros(1, np.int64)] * 4, 0, frozen, frozen, 1e39, -0.5, 7, 8)
        assert list(call.block.view(np.float32)[14:18:2]) == [np.inf, -0.5]
        assert list(call.block[9:]) == [7, 8]


def test_a_bound_entry_keeps_its_arguments_alive() -> None:
    y = np.zeros(16, np.float32)
    calls = [library.engine().apply.bind(functions.EXP, y, np.full(16, i, np.float32), 16) for i in range(5)]
    for i, call in enumerate(calls):
        call()
        np.testing.assert_allclose(y, np.exp(i), rtol=1e-6)
