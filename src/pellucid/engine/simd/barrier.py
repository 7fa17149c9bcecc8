"""Several threads in one compiled loop: each does its part of every stage, and they wait for each other between stages.

Parts are ranges of results, never parts of a sum, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Int64s
from pellucid.engine.compiler.target import is_windows
from pellucid.engine.records import STOP, Part, Team
from pellucid.engine.simd.lanes import PLAIN

ARRIVED, ROUND = 0, 8
"""Places in a barrier (int64, at least 16 long), each in a cache line of its own."""

_CALLS = 12
"""The place where thread 0 of two counts its calls; thread 1 counts 8 places before."""

_TAKEN, _DONE = 1, 9
"""The counters of iterations taken and iterations done."""

_SPINS = 4000
"""Number of times that a waiting thread reads a counter before it yields its core."""

if not PLAIN:
    from llvmlite import ir
    from numba.core import cgutils, types

    from pellucid.engine.simd.intrinsics import intrinsic

    _YIELD = "SwitchToThread" if is_windows() else "sched_yield"

    @intrinsic
    def _atomic_add(typing: Any, memory: Any, index: Any, value: Any) -> Any:
        """Add atomically; return the value before."""

        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            address = builder.gep(arguments[0], [arguments[1]])
            return builder.atomic_rmw("add", address, arguments[2], "acq_rel")

        return types.int64(memory, types.int64, types.int64), emit

    @intrinsic
    def _load_acquire(typing: Any, memory: Any, index: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            return builder.load_atomic(builder.gep(arguments[0], [arguments[1]]), "acquire", 8)

        return types.int64(memory, types.int64), emit

    @intrinsic
    def _store_release(typing: Any, memory: Any, index: Any, value: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            builder.store_atomic(arguments[2], builder.gep(arguments[0], [arguments[1]]), "release", 8)
            return context.get_dummy_value()

        return types.void(memory, types.int64, types.int64), emit

    @intrinsic
    def _yield_core(typing: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(32), []), _YIELD)
            builder.call(function, [])
            return context.get_dummy_value()

        return types.void(), emit

    @kernel
    def _spin_until(barrier: Int64s, place: int, count: int) -> None:
        """Wait until the counter at ``place`` reaches ``count``; yield the core after `_SPINS` tries."""
        tries = 0
        while _load_acquire(barrier, place) < count:
            tries += 1
            if tries > _SPINS:
                _yield_core()

    @kernel
    def wait(team: Team) -> None:
        """Wait until all threads have called this; each then sees what the others wrote before."""
        barrier, threads = team.barrier, team.part.size
        if threads > 1:
            now = _load_acquire(barrier, ROUND)
            if _atomic_add(barrier, ARRIVED, 1) == threads - 1:
                _store_release(barrier, ARRIVED, 0)
                _store_release(barrier, ROUND, now + 1)
            else:
                _spin_until(barrier, ROUND, now + 1)

    @kernel
    def wait_for_other(team: Team) -> None:
        """`wait` for two threads; each counts its calls in a place of its own, which is faster."""
        barrier, rank = team.barrier, team.part.rank
        own = _CALLS - 8 * rank
        now = _load_acquire(barrier, own) + 1
        _store_release(barrier, own, now)
        _spin_until(barrier, _CALLS - 8 * (1 - rank), now)

    @kernel
    def take_work(team: Team, before: int, count: int) -> int:
        """Take the next ``count`` iterations of a shared loop; return the first of them.

        A thread that is delayed takes fewer. ``before`` is what the last call returned, at first minus ``count``;
        the barrier starts as zeros.
        """
        return _atomic_add(team.barrier, _TAKEN, count) if team.part.size > 1 else before + count

    @kernel
    def finish_work(team: Team, count: int) -> None:
        """Report that ``count`` iterations that were taken are done."""
        if team.part.size > 1:
            _atomic_add(team.barrier, _DONE, count)

    @kernel
    def wait_for_work(team: Team, count: int) -> None:
        """Wait until all ``count`` iterations are done, by whichever threads."""
        if team.part.size > 1:
            _spin_until(team.barrier, _DONE, count)

    @kernel
    def should_stop(team: Team) -> bool:
        """Whether the caller wants the step to be given up."""
        return bool(_load_acquire(team.barrier, STOP) != 0)

else:
    # Plain Python runs the engine with one thread.

    def wait(team: Team) -> None:
        """There is no other thread to wait for."""

    def wait_for_other(team: Team) -> None:
        """There is no other thread to wait for."""

    def take_work(team: Team, before: int, count: int) -> int:
        """Take the iterations that follow the last ones."""
        return before + count

    def finish_work(team: Team, count: int) -> None:
        """There is no other thread to report to."""

    def wait_for_work(team: Team, count: int) -> None:
        """There is no other thread to wait for."""

    def should_stop(team: Team) -> bool:
        """Whether the caller wants the step to be given up."""
        return bool(team.barrier[STOP] != 0)


@kernel
def lesser(a: int, b: int) -> int:
    """The smaller of two integers."""
    return a if a < b else b


@kernel
def share(part: Part, count: int, unit: int) -> tuple[int, int]:
    """The range of ``count`` items that belongs to one thread, cut at multiples of ``unit``."""
    rank, threads = part
    if threads == 1:
        return 0, count
    units = (count + unit - 1) // unit
    begin = units * rank // threads * unit
    end = units * (rank + 1) // threads * unit
    return lesser(begin, count), lesser(end, count)
