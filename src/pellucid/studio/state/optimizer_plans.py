"""From the optimiser of a plan to one, and from the record of a network back to the settings of its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from pellucid.studio.protocol.parts import LearnPlan, OptimizerPlan
from pellucid.studio.state.first_plan import USUAL_RATES
from pellucid.system.fields import Choice, Integer
from pellucid.training.optimizers import SGD, Adam, Momentum, Optimizer


def planned_optimizer(plan: OptimizerPlan) -> Optimizer:
    """Make the optimiser of a plan."""
    if plan.kind == "sgd":
        return SGD(plan.learning_rate, decay=plan.decay)
    if plan.kind == "momentum":
        return Momentum(plan.learning_rate, plan.momentum, plan.nesterov, decay=plan.decay)
    return Adam(plan.learning_rate, plan.beta1, plan.beta2, decay=plan.decay)


def recorded_optimizer(record: Mapping[str, Any]) -> OptimizerPlan | None:
    """Return the optimiser that a record names, with its usual rate; None where it names none."""
    recorded = record.get("optimizer")
    kind: Any = recorded.get("kind") if isinstance(recorded, dict) else None
    if not Choice(tuple(USUAL_RATES)).takes(kind):
        return None
    return OptimizerPlan(cast(Any, kind), USUAL_RATES[kind])


def recorded_batch(record: Mapping[str, Any]) -> int | None:
    """Return the size of a mini-batch that a record names; None where it names none."""
    size: Any = record.get("batch_size")
    return size if Integer(1, 8192).takes(size) else None


def with_rate(plan: LearnPlan, rate: float) -> LearnPlan:
    """Return the plan with another learning rate."""
    optimizer = msgspec.structs.replace(plan.optimizer, learning_rate=rate)
    return msgspec.structs.replace(plan, optimizer=optimizer)
