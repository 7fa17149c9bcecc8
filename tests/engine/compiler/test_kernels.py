"""Compilation: every kind of argument is passed correctly in any position, and kernels can be compiled repeatedly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.engine.compiler.build import content_of
from pellucid.engine.compiler.entry import PlainEntry
from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.library import link
from pellucid.engine.compiler.signature import Float32, Float32s, Float64s, Int64s, UInt8s, UInt16s
from pellucid.engine.simd.lanes import PLAIN


@kernel
def double(x: float) -> float:
    """A kernel that another one calls."""
    return x + x


@kernel
def take(
    i: int, f: Float32, p: Float32s, d: Float64s, n: Int64s, h: UInt16s, b: UInt8s, last: int, out: Float64s
) -> None:
    """Write the arguments to memory, one number each."""
    out[0] = i
    out[1] = double(f)
    out[2] = p[1]
    out[3] = d[1]
    out[4] = n[1]
    out[5] = h[1]
    out[6] = b[1]
    out[7] = last
    p[0] = 1.5
    h[0] = 65535
    b[0] = 255
    n[0] = -(1 << 40)


def entry() -> Any:
    return PlainEntry(take) if PLAIN else link(content_of({"take": take})).take


@pytest.mark.parametrize("again", [False, True])
def test_every_kind_of_argument(again: bool) -> None:
    p, d = np.array([0, 0.1], np.float32), np.array([0, 0.1], np.float64)
    n, h, b = np.array([0, -(1 << 50)], np.int64), np.array([0, 65534], np.uint16), np.array([0, 254], np.uint8)
    out = np.zeros(8)
    entry()(-(1 << 60), 0.1, p, d, n, h, b, True, out)
    expected = [-(1 << 60), 2 * np.float32(0.1), np.float32(0.1), 0.1, -(1 << 50), 65534, 254, 1]
    np.testing.assert_array_equal(out, expected)
    assert (p[0], h[0], b[0], n[0]) == (1.5, 65535, 255, -(1 << 40))


def test_arrays_of_any_shape_are_passed_as_memory() -> None:
    p = np.arange(6, dtype=np.float32).reshape(3, 2)
    out = np.zeros((2, 4))
    small = np.zeros(2, np.uint8)
    entry()(0, np.float32(2), p, np.zeros(2), np.zeros(2, np.int64), np.zeros(2, np.uint16), small, 0, out)
    assert out[0, 2] == 1
    assert p[0, 0] == 1.5
