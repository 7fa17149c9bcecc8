"""The library: whatever happens to the cache, its engine computes correctly and is compiled once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import pellucid
from pellucid.engine.compiler import build, library
from pellucid.engine.compiler.cache import Cache, code_folder
from pellucid.engine.compiler.library import Engine, Library
from pellucid.engine.compiler.parts import PARTS
from pellucid.engine.kernels import functions
from pellucid.engine.simd.lanes import PLAIN

compiled_only = pytest.mark.skipif(PLAIN, reason="plain Python is not compiled")
PACKAGE = Path(pellucid.__file__).parent


def works(engine: Engine) -> bool:
    x, y = np.linspace(-4, 4, 64, dtype=np.float32), np.zeros(64, np.float32)
    engine.apply(functions.TANH, y, x, 64)
    return np.allclose(y, np.tanh(x), atol=1e-6)


@pytest.fixture(scope="module")
def content() -> bytes:
    """The compiled engine of this processor, in the cache's format."""
    library.engine()
    return Cache(code_folder()).read("dense") or library.compile_parts(["dense"])["dense"]


class Compiler:
    """Replaces the compiler: records its calls, and returns code that was compiled before."""

    def __init__(self, content: bytes) -> None:
        self.calls: list[list[str]] = []
        self._content = content

    def __call__(self, parts: Sequence[str]) -> dict[str, bytes]:
        self.calls.append(list(parts))
        return dict.fromkeys(parts, self._content)


@pytest.fixture
def compiler(content: bytes) -> Compiler:
    return Compiler(content)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "deep" / "down")


@compiled_only
def test_compiled_once_and_kept(cache: Cache, compiler: Compiler) -> None:
    for _ in range(2):
        assert works(Library(cache, compiler).engine())
    assert compiler.calls == [["dense", "planes", "sequences"]]
    assert all(cache.path_of(part).is_file() for part in PARTS)


@compiled_only
def test_a_damaged_file_is_replaced(cache: Cache, compiler: Compiler) -> None:
    Library(cache, compiler).engine()
    path = cache.path_of("dense")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert works(Library(cache, compiler).engine())
    assert compiler.calls[1:] == [["dense"]]
    assert path.read_bytes() == whole


@compiled_only
def test_a_cache_that_cannot_be_written_costs_one_warning(cache: Cache, compiler: Compiler) -> None:
    cache.folder.parent.write_text("in the way")
    with pytest.warns(RuntimeWarning, match="PELLUCID_CACHE") as caught:
        assert works(Library(cache, compiler).engine())
    assert len(caught) == 1
    assert works(Library(cache, compiler).engine())
    assert len(compiler.calls) == 1


@compiled_only
def test_files_left_by_a_killed_process_are_ignored(cache: Cache, compiler: Compiler) -> None:
    cache.folder.mkdir(parents=True)
    for pid in (1, os.getpid()):
        (cache.folder / f".{cache.path_of('engine').name}.{pid}.part").write_bytes(b"half")
    for _ in range(2):
        assert works(Library(cache, compiler).engine())
    assert len(compiler.calls) == 1


@compiled_only
def test_concurrent_threads_share_one_engine(cache: Cache, content: bytes) -> None:
    calls = []

    def slow(parts: Sequence[str]) -> dict[str, bytes]:
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return dict.fromkeys(parts, content)

    one = Library(cache, slow)
    with ThreadPoolExecutor(6) as pool:
        engines = list(pool.map(lambda _: one.engine(), range(6)))
    assert len(calls) == 1
    assert len({id(engine) for engine in engines}) == 1


TWO_AT_ONCE = """
import sys, time
from pathlib import Path
import numpy as np
from pellucid.engine.compiler.cache import Cache
from pellucid.engine.compiler.library import Library
content, folder = map(Path, sys.argv[1:])
def compile(parts):
    time.sleep(0.5)
    return dict.fromkeys(parts, content.read_bytes())
x, y = np.linspace(-4, 4, 64, dtype=np.float32), np.zeros(64, np.float32)
Library(Cache(folder), compile).engine().apply(3, y, x, 64)
assert np.allclose(y, np.tanh(x), atol=1e-6)
"""


@compiled_only
def test_concurrent_processes(cache: Cache, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(content)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", TWO_AT_ONCE, str(tmp_path / "content"), str(cache.folder)]
    both = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    assert {path.name for path in cache.folder.iterdir()} == {cache.path_of(part).name for part in PARTS}


@compiled_only
def test_listeners_are_notified_of_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, float]] = []
    monkeypatch.setattr(build, "build", lambda parts: dict.fromkeys(parts, b"code"))
    monkeypatch.setattr(library, "listeners", [lambda event, seconds: heard.append((event, seconds))])
    assert library.compile_parts(["planes"]) == {"planes": b"code"}
    assert [event for event, _ in heard] == ["compiling", "compiled"]
    assert heard[1][1] >= 0


@compiled_only
def test_other_parts_call_shared_functions_of_the_first(
    cache: Cache, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[str] = []
    monkeypatch.setattr("llvmlite.binding.add_symbol", lambda symbol, address: offered.append(symbol))
    one = Library(cache, compiler)
    shared = one.engine().shared
    assert shared
    assert not offered
    one.engine("planes")
    assert offered == list(shared)


@compiled_only
def test_cached_parts_are_not_compiled_again(cache: Cache, compiler: Compiler) -> None:
    Library(cache, compiler).engine()
    cache.path_of("planes").unlink()
    compiler.calls.clear()
    one = Library(cache, compiler)
    one.engine("planes")
    one.engine("sequences")
    assert compiler.calls == [["planes"]]


def test_an_entry_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match="no entry point 'fly'"):
        library.engine().fly  # noqa: B018
