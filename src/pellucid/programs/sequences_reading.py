"""Read sequences: a group of them at a time, groups shared among the cores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.programs import sequence_table as st
from pellucid.engine.sequence_records import Arena, Reading, Selection, Sequences
from pellucid.programs.sequence_batches import Floats, Given, Integers
from pellucid.programs.sequence_targets import NOTHING_WANTED, Targets
from pellucid.programs.sequences_plan import SequencePlan, check_plan, lengths_of
from pellucid.system.threads import available_cores, run_parallel

_WORTH_A_THREAD = 8  # sequences below which a second thread costs more than it brings


def read_group(
    parameters: Floats,
    plan: SequencePlan,
    given: Given,
    order: Integers,
    *,
    arena: Floats | None = None,
    outputs: Floats | None = None,
    targets: Targets = NOTHING_WANTED,
    loss: int = -1,
    carry: bool = False,
) -> NDArray[np.float64]:
    """Read sequences on this thread; summed loss and number right (2,), where a loss is given."""
    history = np.zeros(2)
    labels = int(lengths_of(targets.starts, order).max(initial=0)) if loss == st.CTC else 0
    check_plan(plan, lengths_of(given.starts, order), int(plan.table[0, st.GROUP]), labels)
    answers = np.zeros(1, np.float32) if outputs is None else outputs
    engine("sequences").read(
        plan.program(parameters),
        Arena(plan.arena() if arena is None else arena, plan.integers()),
        Sequences(given.flat, given.starts, targets.symbols, targets.starts),
        Selection(order, len(order)),
        Reading(loss, int(carry), answers, int(outputs is not None), history),
    )
    return history


def read_in_parts(
    parameters: Floats,
    plan: SequencePlan,
    given: Given,
    *,
    outputs: Floats | None = None,
    targets: Targets = NOTHING_WANTED,
    loss: int = -1,
) -> NDArray[np.float64]:
    """`read_group` for any number of sequences, shared among the cores; those of like length go together."""
    order = np.argsort(-np.diff(given.starts), kind="stable")
    groups = -(-given.count // st.GROUP_SIZE)
    parts = max(1, min(available_cores(), groups, given.count // _WORTH_A_THREAD))

    def some(part: int) -> NDArray[np.float64]:
        mine = [order[k * st.GROUP_SIZE : (k + 1) * st.GROUP_SIZE] for k in range(part, groups, parts)]
        arena = plan.arena()
        told = [
            read_group(parameters, plan, given, one, arena=arena, outputs=outputs, targets=targets, loss=loss)
            for one in mine
        ]
        return np.array(told).reshape(-1, 2)

    told = run_parallel(some, parts)
    # Group by group in their order, so that the sum does not depend on how many threads there are.
    ordered = np.array([told[k % parts][k // parts] for k in range(groups)])
    sums: NDArray[np.float64] = ordered.sum(axis=0)
    return sums
