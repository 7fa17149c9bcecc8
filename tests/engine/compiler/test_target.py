"""The target of compilation: lanes as configured, or as wide as the processor's registers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pellucid.engine.compiler import target
from pellucid.engine.compiler.ahead import LibraryAhead
from pellucid.errors import ConfigurationError


@pytest.mark.parametrize("width", target.WIDTHS)
def test_a_configured_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_LANES", str(width))
    assert target.lane_width.__wrapped__() == width


@pytest.mark.parametrize("asked", ["3", "32", "eight", "8.0", " 8", "-8", "0"])
def test_invalid_widths_are_refused(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_LANES", asked)
    with pytest.raises(ConfigurationError, match="PELLUCID_LANES expected one of"):
        target.lane_width.__wrapped__()


@pytest.mark.parametrize(
    ("features", "width"),
    [("+sse2,-avx,-avx512f", 4), ("+sse2,+avx,-avx512f", 8), ("+avx,+avx2,+avx512f", 16), ("+neon", 4), ("", 4)],
)
def test_the_processor_decides(features: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PELLUCID_LANES", raising=False)
    monkeypatch.setattr(target, "plain_python", lambda: False)
    monkeypatch.setattr(target, "processor", lambda: ("some", features))
    monkeypatch.setattr(target, "library_ahead", lambda: None)
    assert target.lane_width.__wrapped__() == width


@pytest.mark.parametrize(("value", "plain"), [("", False), ("0", False), ("1", True), ("yes", True)])
def test_plain_python(value: str, plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", value)
    assert target.plain_python() is plain


def test_an_engine_that_was_compiled_ahead_has_lanes_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PELLUCID_LANES", raising=False)
    monkeypatch.setattr(target, "plain_python", lambda: False)
    monkeypatch.setattr(target, "processor", lambda: pytest.fail("LLVM is not needed"))
    monkeypatch.setattr(target, "library_ahead", lambda: LibraryAhead(Path("none"), 16, {}))
    assert target.lane_width.__wrapped__() == 16


@pytest.mark.parametrize(
    ("asked", "windows"), [("x86_64-pc-windows-gnu", True), ("aarch64-unknown-linux-gnu", False), ("", os.name == "nt")]
)
def test_the_system_that_code_is_compiled_for(asked: str, windows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_TRIPLE", asked)
    assert target.triple() == (asked or None)
    assert target.is_windows() is windows
