"""Several threads in one compiled loop: each takes its share of every stage, and they meet between stages.

Shares are ranges of results, never parts of a sum, so the bits do not depend on how many threads there are.
"""

from __future__ import annotations

from typing import Any

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.simd.lanes import PLAIN

ARRIVED, ROUND = 0, 8
"""Places in the meeting point (int64, at least 16 long), each in a cache line of its own."""

_TOLD = 12
"""Where thread 0 of two counts how often it has come; thread 1 does 8 places before."""

_TAKEN, _DONE = 1, 9
"""Where it stands how much of a loop is taken, and how much is done."""

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
    def _await(point: Any, place: int, count: int) -> None:
        """Wait until others have counted so far there; after a while let them run first."""
        tries = 0
        while _get(point, place) < count:
            tries += 1
            if tries > _PATIENCE:
                _let_others_run()

    @kernel
    def meet(point: Any, crew: int) -> None:
        """Wait until all ``crew`` threads have come here; what each wrote before is then seen by all."""
        if crew > 1:
            now = _get(point, ROUND)
            if _add(point, ARRIVED, 1) == crew - 1:
                _set(point, ARRIVED, 0)
                _set(point, ROUND, now + 1)
            else:
                _await(point, ROUND, now + 1)

    @kernel
    def exchange(point: Any, rank: int) -> None:
        """`meet` for two threads; each tells in a place of its own how often it has come, which is quicker."""
        mine = _TOLD - 8 * rank
        now = _get(point, mine) + 1
        _set(point, mine, now)
        _await(point, _TOLD - 8 * (1 - rank), now)

    @kernel
    def take(point: Any, crew: int, before: int, count: int) -> int:
        """Where the next ``count`` turns of a loop begin that none of the crew has taken, its last turns ``before``.

        Who is held up takes fewer. The first time, ``before`` is minus ``count``; ``point`` begins as zeros.
        """
        return _add(point, _TAKEN, count) if crew > 1 else before + count

    @kernel
    def finish(point: Any, crew: int, count: int) -> None:
        """Tell that ``count`` turns that were taken are done."""
        if crew > 1:
            _add(point, _DONE, count)

    @kernel
    def await_all(point: Any, crew: int, count: int) -> None:
        """Wait until all ``count`` turns of the loop are done, whoever took them; who has taken none is not missed."""
        if crew > 1:
            _await(point, _DONE, count)

else:

    def exchange(point: Any, rank: int) -> None:
        """Nobody to wait for."""

    def meet(point: Any, crew: int) -> None:
        """Nothing to wait for: plain Python runs the engine with one thread."""

    def take(point: Any, crew: int, before: int, count: int) -> int:
        """Nobody else takes any."""
        return before + count

    def finish(point: Any, crew: int, count: int) -> None:
        """Nobody asks."""

    def await_all(point: Any, crew: int, count: int) -> None:
        """Nobody to wait for."""


@kernel
def lesser(a: int, b: int) -> int:
    """The smaller of two integers."""
    return a if a < b else b


@kernel
def share(rank: int, crew: int, count: int, unit: int) -> tuple[int, int]:
    """The range of ``count`` things that is thread ``rank``'s, cut at multiples of ``unit``."""
    if crew == 1:
        return 0, count
    units = (count + unit - 1) // unit
    begin = units * rank // crew * unit
    end = units * (rank + 1) // crew * unit
    return lesser(begin, count), lesser(end, count)
