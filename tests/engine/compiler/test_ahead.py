"""The engine compiled ahead: it computes the same bits, and is used only where it was compiled for."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid.engine.compiler import ahead, build_ahead, library
from pellucid.engine.compiler.ahead import INDEX, Kind, find_library, machine_name
from pellucid.engine.compiler.library import Library
from pellucid.engine.compiler.sources import digest_of, files_below
from pellucid.engine.kernels import functions
from pellucid.engine.simd.lanes import PLAIN
from pellucid.errors import ConfigurationError

PACKAGE = Path(pellucid.__file__).parent


def index(**changes: Any) -> dict[str, Any]:
    libraries = [
        {"file": "wide.so", "lanes": 16, "needs": ["AVX512_SKX"]}, {"file": "narrow.so", "lanes": 4, "needs": []}
    ]  # fmt: skip
    about = {"source": digest_of(), "system": platform.system(), "machine": machine_name()}
    return about | {"entries": {"dense": {}}, "libraries": libraries} | changes


def written(folder: Path, content: str) -> Path:
    (folder / INDEX).write_text(content)
    return folder


@pytest.mark.parametrize(
    ("present", "file", "lanes"), [({"AVX512_SKX", "AVX2"}, "wide.so", 16), ({"AVX2"}, "narrow.so", 4)]
)
def test_the_first_library_that_the_processor_can_run(present: set[str], file: str, lanes: int, tmp_path: Path) -> None:
    found = find_library(written(tmp_path, json.dumps(index())), frozenset(present))
    assert found is not None
    assert (found.path, found.lanes) == (tmp_path / file, lanes)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(index(source="another")),
        json.dumps(index(system="Plan 9")),
        json.dumps(index(machine="vax")),
        json.dumps(index(libraries=[])),
        "{}",
        "",
        "[1]",
    ],
)
def test_libraries_of_other_sources_or_systems_are_not_used(content: str, tmp_path: Path) -> None:
    assert find_library(written(tmp_path, content), frozenset()) is None
    assert find_library(tmp_path / "nowhere", frozenset()) is None


@pytest.mark.parametrize("name", ahead.OVERRIDES)
def test_a_variable_that_asks_for_other_code_is_obeyed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "find_library", lambda *_: pytest.fail("it was looked for"))
    monkeypatch.setenv(name, "4")
    assert ahead.library_ahead.__wrapped__() is None


def test_libraries_are_no_source(tmp_path: Path) -> None:
    (tmp_path / "libraries").mkdir()
    for name in ("a.py", "libraries/engine.so"):
        (tmp_path / name).write_text(name)
    assert [name for name, _ in files_below(tmp_path)] == ["a.py"]


def test_without_compiler_and_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(library, "plain_python", lambda: False)
    with pytest.raises(ConfigurationError, match=r"pip install 'pellucid\[compile\]'"):
        Library().engine()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part "dense" for this machine, compiled ahead."""
    target = build_ahead.this_platform()
    if PLAIN or target is None or target.system != "Linux" or shutil.which("cc") is None:
        pytest.skip("the engine is not compiled ahead here")
    kind = next(each for each in ahead.KINDS[target.machine] if ahead.features().issuperset(each.needs))
    folder = tmp_path_factory.mktemp("libraries")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build_ahead, "PARTS", {"dense": "dense_entries"})
        patch.setattr(build_ahead, "KINDS", {target.machine: (kind,)})
        build_ahead.build_ahead(target, folder)
    assert build_ahead.is_built(target, folder)
    return folder


def test_it_computes_the_bits_of_the_compiled_engine(built: Path) -> None:
    found = find_library(built, ahead.features())
    assert found is not None
    x = np.linspace(-4, 4, 64, dtype=np.float32)
    answers = [np.zeros(64, np.float32) for _ in range(2)]
    Library(ahead=lambda: found).engine().apply(functions.TANH, answers[0], x, 64)
    library.engine().apply(functions.TANH, answers[1], x, 64)
    assert answers[0].tobytes() == answers[1].tobytes()
    np.testing.assert_allclose(answers[0], np.tanh(x), atol=1e-6)


CHILD = """
import sys
from pathlib import Path
from pellucid.engine.compiler import ahead, library
found = ahead.find_library(Path(sys.argv[1]), ahead.features())
ahead.library_ahead = library.library_ahead = lambda: found
from pellucid.engine.compiler import target
target.library_ahead = ahead.library_ahead
library.default_library = library.Library(ahead=lambda: found)
library.engine = library.default_library.engine
import pellucid as pl
digits = pl.data.load("digits").train[:500]
net = pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], input_shape=(28, 28))
pl.Trainer(net, digits).take_steps(20)
sys.stdout.buffer.write(net.parameters.tobytes())
assert not {"numba", "llvmlite"} & set(sys.modules)
"""


def test_training_has_the_same_bits_and_needs_no_compiler(built: Path) -> None:
    digits = pellucid.data.load("digits").train[:500]
    net = pellucid.Network([pellucid.Dense(16, "sigmoid"), pellucid.Dense(10, "softmax")], input_shape=(28, 28))
    pellucid.Trainer(net, digits).take_steps(20)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    run = subprocess.run([sys.executable, "-c", CHILD, str(built)], env=environment, capture_output=True, timeout=100)
    assert run.returncode == 0, run.stderr.decode()
    assert run.stdout == net.parameters.tobytes()


def test_every_platform_has_its_kinds_of_processor() -> None:
    for target in build_ahead.PLATFORMS.values():
        kinds = ahead.KINDS[target.machine]
        assert all(isinstance(kind, Kind) for kind in kinds)
        assert [kind.lanes for kind in kinds] == sorted((kind.lanes for kind in kinds), reverse=True)


def test_without_a_linker_the_error_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_ahead.shutil, "which", lambda name: None)
    monkeypatch.setattr(build_ahead.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="pip install ziglang"):
        build_ahead.linker(build_ahead.PLATFORMS["macos-arm64"])
