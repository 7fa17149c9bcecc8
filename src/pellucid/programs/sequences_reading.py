"""Read sequences, group by group, in parallel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.programs import sequence_table as st
from pellucid.engine.sequence_records import Arena, Reading, Selection
from pellucid.programs.sequence_batches import Floats, Integers, SequenceBatch
from pellucid.programs.sequence_targets import NO_TARGETS, Targets
from pellucid.programs.sequences_plan import SequencePlan, check_plan, lengths_of
from pellucid.system.threads import available_cores, run_parallel

_MIN_PER_THREAD = 8  # sequences; with fewer, a second thread costs more time than it saves


def read_group(
    parameters: Floats,
    plan: SequencePlan,
    batch: SequenceBatch,
    order: Integers,
    *,
    arena: Floats | None = None,
    outputs: Floats | None = None,
    targets: Targets = NO_TARGETS,
    loss: int = -1,
    carry: bool = False,
) -> NDArray[np.float64]:
    """Read sequences on this thread; return summed loss and number of correct predictions (2,), if there is a loss."""
    history = np.zeros(2)
    labels = int(lengths_of(targets.starts, order).max(initial=0)) if loss == st.CTC else 0
    check_plan(plan, lengths_of(batch.starts, order), int(plan.table[0, st.GROUP]), labels)
    answers = np.zeros(1, np.float32) if outputs is None else outputs
    engine("sequences").read(
        plan.program(parameters),
        Arena(plan.arena() if arena is None else arena, plan.integers()),
        targets.beside(batch.flat, batch.starts),
        Selection(order, len(order)),
        Reading(loss, int(carry), answers, int(outputs is not None), history),
    )
    return history


def read_parallel(
    parameters: Floats,
    plan: SequencePlan,
    batch: SequenceBatch,
    *,
    outputs: Floats | None = None,
    targets: Targets = NO_TARGETS,
    loss: int = -1,
) -> NDArray[np.float64]:
    """`read_group` for any number of sequences, on several cores; sequences of similar length form groups."""
    order = np.argsort(-np.diff(batch.starts), kind="stable")
    groups = -(-batch.count // st.GROUP_SIZE)
    parts = max(1, min(available_cores(), groups, batch.count // _MIN_PER_THREAD))

    def read_part(part: int) -> NDArray[np.float64]:
        groups_of_part = [order[k * st.GROUP_SIZE : (k + 1) * st.GROUP_SIZE] for k in range(part, groups, parts)]
        arena = plan.arena()
        sums = [
            read_group(parameters, plan, batch, members, arena=arena, outputs=outputs, targets=targets, loss=loss)
            for members in groups_of_part
        ]
        return np.array(sums).reshape(-1, 2)

    by_part = run_parallel(read_part, parts)
    # In the order of the groups, so that the sum does not depend on the number of threads.
    ordered = np.array([by_part[k % parts][k // parts] for k in range(groups)])
    sums: NDArray[np.float64] = ordered.sum(axis=0)
    return sums
