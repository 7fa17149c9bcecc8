"""The target of compilation: lanes as configured, or as wide as the processor's registers."""

from __future__ import annotations

import pytest

from pellucid.engine.compiler import target
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
    assert target.lane_width.__wrapped__() == width


@pytest.mark.parametrize(("value", "plain"), [("", False), ("0", False), ("1", True), ("yes", True)])
def test_plain_python(value: str, plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", value)
    assert target.plain_python() is plain
