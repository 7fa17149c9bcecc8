"""Child processes that compile: isolated from the current folder, with a fallback if none can be started."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import pytest

import pellucid
from pellucid.engine.compiler import build
from pellucid.engine.simd.lanes import PLAIN

compiled_only = pytest.mark.skipif(PLAIN, reason="plain Python is not compiled")
HOME = str(Path(pellucid.__file__).parent.parent)


@compiled_only
def test_parts_are_compiled_in_this_process_if_no_child_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setattr(build, "compile_part", lambda part: part.encode())
    assert build.build(["dense", "planes"]) == {"dense": b"dense", "planes": b"planes"}


@compiled_only
def test_a_part_is_compiled_here_if_its_child_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_LANES", "5")
    monkeypatch.setattr(build, "compile_part", lambda part: part.encode())
    assert build.build(["dense"]) == {"dense": b"dense"}


@compiled_only
def test_a_frozen_program_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(build.subprocess, "Popen", None)
    monkeypatch.setattr(build, "compile_part", lambda part: part.encode())
    assert build.build(["dense"]) == {"dense": b"dense"}


@compiled_only
@pytest.mark.parametrize("entry", ["", ".", "absolute", "PYTHONPATH"])
def test_no_module_of_the_current_folder_is_run(
    entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A child for a part that does not exist fails only after it has imported the compiler and these modules."""
    for module in ("numpy", "numba", "llvmlite", "json", "sitecustomize", "usercustomize"):
        (tmp_path / f"{module}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    monkeypatch.chdir(tmp_path)
    if entry == "PYTHONPATH":
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), ".", HOME]))
    else:
        monkeypatch.setattr(sys, "path", [str(tmp_path) if entry == "absolute" else entry, *sys.path])
    with caplog.at_level(logging.INFO, "pellucid"), pytest.raises(KeyError, match="nothing"):
        build.build(["nothing"])
    assert "KeyError: 'nothing'" in caplog.text
    assert not (tmp_path / "ran").exists()
    assert str(tmp_path) not in caplog.text


@compiled_only
def test_a_child_finds_modules_where_this_process_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError('another numba')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(build, "compile_part", lambda part: part.encode())
    with caplog.at_level(logging.INFO, "pellucid"):
        build.build(["dense"])
    assert "another numba" in caplog.text
