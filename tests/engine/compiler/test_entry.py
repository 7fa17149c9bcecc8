"""Calls of compiled code: arguments are passed unchanged, and stay alive as long as they are needed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pellucid.engine.compiler.entry import address_of
from pellucid.engine.compiler.guard import guarded
from pellucid.engine.compiler.library import engine
from pellucid.engine.kernels import functions
from pellucid.engine.records import Batch, Pixels, SparseRows
from pellucid.engine.simd.lanes import PLAIN


def test_threads_call_with_different_arguments() -> None:
    """Arguments are passed in a block of memory; another thread could reuse a block that is freed too soon."""
    apply, rounds = engine().apply, 3 if PLAIN else 400

    def work(seed: int) -> bool:
        x = np.random.default_rng(seed).uniform(-3, 3, 64).astype(np.float32)
        truth, y = np.exp(x), np.zeros(64, np.float32)
        for _ in range(rounds):
            y[...] = 0
            apply(functions.EXP, y, x, 64)
            if not np.allclose(y, truth, rtol=1e-5):
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(16)))


def test_any_arrays_are_passed_and_numbers_too_large_for_float32_become_infinite() -> None:
    writable = np.arange(6, dtype=np.float32)
    frozen = writable.copy()
    frozen.flags.writeable = False
    some = (writable, frozen, writable[2:], writable[::2], np.zeros(0, np.float32))
    assert [address_of(array) for array in some] == [array.ctypes.data for array in some]
    if not PLAIN and not guarded():
        rows = SparseRows(*[np.zeros(1, np.int64)] * 4)
        call = engine().collect.bind(rows, Batch(Pixels(0, frozen, frozen, 1e39, -0.5), 7, 8))
        assert list(call.block.view(np.float32)[14:18:2]) == [np.inf, -0.5]
        assert list(call.block[9:]) == [7, 8]


def test_a_bound_entry_keeps_its_arguments_alive() -> None:
    y = np.zeros(16, np.float32)
    calls = [engine().apply.bind(functions.EXP, y, np.full(16, i, np.float32), 16) for i in range(5)]
    for i, call in enumerate(calls):
        call()
        np.testing.assert_allclose(y, np.exp(i), rtol=1e-6)
