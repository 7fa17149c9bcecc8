"""Compiled kernels compute what the same Python functions compute."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.engine.compiler.build import content_of
from pellucid.engine.compiler.entry import PlainEntry
from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.library import link
from pellucid.engine.compiler.signature import Float32s, Float64s, Int64s
from pellucid.engine.simd.lanes import LANES, PLAIN, load, splat, store

_PAIR = (3, 5)
_SCALES = (np.float32(0.5), np.float32(-2.0), np.float32(0.25))


@kernel
def loops(out: Int64s, a: int, b: int, c: int) -> None:
    """Ranges of one, two and three arguments, with steps up and down: number of iterations, and the last value."""
    times, last = 0, -1
    for i in range(a):
        times += 1
        last = i
    out[0] = times
    out[1] = last
    times = 0
    for i in range(a, b):
        times += 1
        last = i
    out[2] = times
    out[3] = last
    times = 0
    for i in range(b, a, c):
        if i == 7:
            continue
        if times > 20:
            break
        times += 1
        for _ in range(i, i + 2):
            last += i
    out[4] = times
    out[5] = last


@kernel
def choices(out: Int64s, a: int, b: int, c: int) -> None:
    """Conditions, chains, membership, and variables that only one branch sets."""
    out[0] = 1 if a < b <= c else 2
    out[1] = 1 if a in _PAIR else 0
    out[2] = 1 if a in (b, 4) and b != c else 0
    kind = 0
    if a > 10:
        kind = 1
        extra = b
    elif a > 0 or b > 0:
        kind = 2
        extra = c
    else:
        extra = a
    out[3] = kind
    out[4] = extra
    out[5] = 1 if is_even(a) else 0


@kernel
def is_even(a: int) -> bool:
    """A boolean that is returned from the middle of a loop."""
    for i in range(2):
        if (a + i) % 2 == 1:
            return i == 1
    return False


@kernel
def sums(out: Int64s, a: int, b: int, c: int) -> None:
    """Integers: floor divisions, remainders, shifts, tuples that are returned and passed."""
    part, rest = halves(a)
    out[0] = part
    out[1] = rest
    both = halves(b)
    out[2] = added(both)
    out[3] = (a ^ b) & 255 | c << 2
    out[4] = a // (c * c + 1) + a % -(c * c + 1)
    while b > 3:
        b -= 2
    out[5] = b


@kernel
def halves(a: int) -> tuple[int, int]:
    """Two results."""
    return a // 2, a % 2


@kernel
def added(both: tuple[int, int]) -> int:
    """The items of a tuple by index."""
    return both[0] + 10 * both[1]


@kernel
def numbers(out: Float64s, a: int, b: int, c: int) -> None:
    """Float32 stays float32, constants come from tuples, lanes are carried through a loop."""
    x = np.float32(a) * _SCALES[1] + _SCALES[2]
    out[0] = np.float64(x)
    out[1] = np.float64(np.float32(b) / np.float32(c * c + 1))
    total = np.float64(0.0)
    for i in range(3):
        total += np.float64(_SCALES[0] * np.float32(i))
    out[2] = total
    out[3] = np.float64(np.float32(a) * np.float32(0.1) + np.float32(c))
    out[4] = -np.float64(a) if a > 0 else np.float64(c)
    out[5] = np.float64(a) + 0.5


@kernel
def lanes(y: Float32s, x: Float32s, count: int) -> None:
    """``y = x + (0 + 1 + ... to count - 1)``, a vector."""
    v = load(x, 0, LANES)
    for i in range(count):
        v = v + splat(np.float32(i), LANES)
    store(y, 0, v)


ENTRIES: dict[str, Any] = {
    "loops": loops,
    "choices": choices,
    "sums": sums,
    "numbers": numbers,
    "lanes": lanes,
}


@functools.cache
def compiled(name: str) -> Callable[..., None]:
    """One of the kernels, compiled with the others."""
    if PLAIN:
        return PlainEntry(ENTRIES[name])
    return getattr(library(), name)  # type: ignore[no-any-return]


@functools.cache
def library() -> Any:
    """All kernels of this module, compiled."""
    return link(content_of(ENTRIES))


@functools.cache
def plain(name: str) -> Callable[..., None]:
    """A kernel as plain Python, which calls other kernels as plain Python."""
    among = dict(globals())
    for other in (*ENTRIES, "is_even", "halves", "added"):
        code = getattr(among[other], "py_func", among[other]).__code__
        among[other] = FunctionType(code, among)
    return among[name]  # type: ignore[no-any-return]


@pytest.fixture(scope="module", autouse=True)
def _compiled_beforehand() -> None:
    """Compile once before all tests, so that no single test takes long."""
    if not PLAIN:
        library()


SMALL = st.integers(-30, 30)


@pytest.mark.parametrize("name", ["loops", "choices", "sums"])
@given(a=SMALL, b=SMALL, c=SMALL.filter(bool))
def test_integers(name: str, a: int, b: int, c: int) -> None:
    found, expected = np.zeros((2, 6), np.int64)
    compiled(name)(found, a, b, c)
    plain(name)(expected, a, b, c)
    np.testing.assert_array_equal(found, expected)


@given(a=SMALL, b=SMALL, c=SMALL)
def test_floats(a: int, b: int, c: int) -> None:
    found, expected = np.zeros((2, 6), np.float64)
    compiled("numbers")(found, a, b, c)
    plain("numbers")(expected, a, b, c)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("count", [-1, 0, 1, 7])
def test_lanes_through_a_loop(count: int) -> None:
    x, y = np.arange(LANES, dtype=np.float32), np.zeros(LANES, np.float32)
    compiled("lanes")(y, x, count)
    np.testing.assert_array_equal(y, x + sum(range(count)))


@pytest.mark.skipif(PLAIN, reason="plain Python compiles nothing")
def test_compilation_errors_name_the_place() -> None:
    from numba.core.errors import NumbaError

    from pellucid.engine.compiler.kernels import compile_entries

    @kernel
    def wrong(out: Int64s, a: int) -> None:
        out[0] = a.nowhere  # type: ignore[attr-defined]

    with pytest.raises(NumbaError, match="nowhere"):
        compile_entries({"wrong": wrong})
