"""Several threads in one compiled loop: each does its part of every stage, and they wait for each other between stages.

Parts are ranges of results, never parts of a sum, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.simd.lanes import PLAIN

ARRIVED, ROUND = 0, 8
"""Places in a barrier (int64, at least 16 long), each in a cache line of its own."""

_TOLD = 12
"""Where thread 0 of two counts its calls; thread 1 counts 8 places before."""

_TAKEN, _DONE = 1, 9
"""The counters of iterations taken and iterations done."""

_PATIENCE = 4000

if not PLAIN:
    import os

    from llvmlite import ir
    from numba.core import cgutils, types

    from pellucid.engine.simd.intrinsics import intrinsic

    _YIELD = "SwitchToThread" if os.name == "nt" else "sched_yield"

    @intrinsic
    def _add(typing: Any, memory: Any, index: Any, value: Any) -> Any:
        """Add atomically; the value before."""

        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            address = builder.gep(arguments[0], [arguments[1]])
            return builder.atomic_rmw("add", address, arguments[2], "acq_rel")

        return types.int64(memory, types.int64, types.int64), emit

    @intrinsic
    def _get(typing: Any, memory: Any, index: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            return builder.load_atomic(builder.gep(arguments[0], [arguments[1]]), "acquire", 8)

        return types.int64(memory, types.int64), emit

    @intrinsic
    def _set(typing: Any, memory: Any, index: Any, value: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            builder.store_atomic(arguments[2], builder.gep(arguments[0], [arguments[1]]), "release", 8)
            return context.get_dummy_value()

        return types.void(memory, types.int64, types.int64), emit

    @intrinsic
    def _let_others_run(typing: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(32), []), _YIELD)
            builder.call(function, [])
            return context.get_dummy_value()

        return types.void(), emit

    @kernel
    def _await(barrier: Any, place: int, count: int) -> None:
        """Wait until the counter at ``place`` reaches ``count``; after a while yield the core."""
        tries = 0
        while _get(barrier, place) < count:
            tries += 1
            if tries > _PATIENCE:
                _let_others_run()

    @kernel
    def wait(barrier: Any, threads: int) -> None:
        """Wait until all threads have called this; each then sees what the others wrote before."""
        if threads > 1:
            now = _get(barrier, ROUND)
            if _add(barrier, ARRIVED, 1) == threads - 1:
                _set(barrier, ARRIVED, 0)
                _set(barrier, ROUND, now + 1)
            else:
                _await(barrier, ROUND, now + 1)

    @kernel
    def wait_for_other(barrier: Any, rank: int) -> None:
        """`wait` for two threads; each counts its calls in a place of its own, which is faster."""
        mine = _TOLD - 8 * rank
        now = _get(barrier, mine) + 1
        _set(barrier, mine, now)
        _await(barrier, _TOLD - 8 * (1 - rank), now)

    @kernel
    def take_work(barrier: Any, threads: int, before: int, count: int) -> int:
        """Take the next ``count`` iterations of a shared loop; return the first of them.

        A thread that is delayed takes fewer. ``before`` is what the last call returned, at first minus ``count``;
        ``barrier`` starts as zeros.
        """
        return _add(barrier, _TAKEN, count) if threads > 1 else before + count

    @kernel
    def finish_work(barrier: Any, threads: int, count: int) -> None:
        """Report that ``count`` iterations that were taken are done."""
        if threads > 1:
            _add(barrier, _DONE, count)

    @kernel
    def wait_for_work(barrier: Any, threads: int, count: int) -> None:
        """Wait until all ``count`` iterations are done, by whichever threads."""
        if threads > 1:
            _await(barrier, _DONE, count)

else:

    def wait_for_other(barrier: Any, rank: int) -> None:
        """There is only one thread."""

    def wait(barrier: Any, threads: int) -> None:
        """Plain Python runs the engine with one thread."""

    def take_work(barrier: Any, threads: int, before: int, count: int) -> int:
        """There is only one thread."""
        return before + count

    def finish_work(barrier: Any, threads: int, count: int) -> None:
        """There is only one thread."""

    def wait_for_work(barrier: Any, threads: int, count: int) -> None:
        """There is only one thread."""


@kernel
def lesser(a: int, b: int) -> int:
    """The smaller of two integers."""
    return a if a < b else b


@kernel
def share(rank: int, threads: int, count: int, unit: int) -> tuple[int, int]:
    """The part of ``count`` items that belongs to thread ``rank``, cut at multiples of ``unit``."""
    if threads == 1:
        return 0, count
    units = (count + unit - 1) // unit
    begin = units * rank // threads * unit
    end = units * (rank + 1) // threads * unit
    return lesser(begin, count), lesser(end, count)
