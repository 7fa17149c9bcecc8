"""From a plan of the page to a network, an optimiser and a trainer; and from a network back to a plan."""

from __future__ import annotations

import itertools
from typing import Any, cast

import msgspec

from pellucid.data.dataset import Dataset
from pellucid.layers.dense import Dense
from pellucid.network.network import Network
from pellucid.studio.edited_network import SIDE, EditedNetwork
from pellucid.studio.parts import ActivationName, LayerPlan, LearnPlan, OptimizerPlan
from pellucid.studio.refusal import RefusedError
from pellucid.system.fields import Choice, Integer
from pellucid.training.optimizers import SGD, Adam, Momentum, Optimizer
from pellucid.training.trainer import Trainer

_USUAL_RATES = {"sgd": 0.5, "momentum": 0.1, "adam": 0.003}


def planned_network(plan: LearnPlan, classes: tuple[str, ...]) -> Network:
    """Make a new network, drawn from the plan's seed."""
    sizes = [SIDE * SIDE, *(layer.size for layer in plan.layers)]
    # Refuse before memory is allocated; `check_suitable` applies the studio's own limit.
    if sum((before + 1) * after for before, after in itertools.pairwise(sizes)) > 1 << 24:
        raise RefusedError(
            "too_large", "Expected a network of fewer than 17 million parameters, got more: use smaller layers."
        )
    if plan.layers[-1].size != len(classes):
        raise RefusedError(
            "bad_value", f"Expected {len(classes)} outputs, one for each class, got {plan.layers[-1].size}."
        )
    layers = [Dense(layer.size, layer.activation) for layer in plan.layers]
    return Network(layers, input_shape=(SIDE, SIDE), seed=plan.seed, classes=classes)


def planned_optimizer(plan: OptimizerPlan) -> Optimizer:
    """Make the optimiser of a plan."""
    if plan.kind == "sgd":
        return SGD(plan.learning_rate, decay=plan.decay)
    if plan.kind == "momentum":
        return Momentum(plan.learning_rate, plan.momentum, plan.nesterov, decay=plan.decay)
    return Adam(plan.learning_rate, plan.beta1, plan.beta2, decay=plan.decay)


def planned_trainer(plan: LearnPlan, net: Network, data: Dataset) -> Trainer:
    """Make a trainer of a network."""
    augment = None
    if plan.augment:
        from pellucid.training.augmentation import Augment

        augment = Augment.standard()
    return Trainer(
        net,
        data,
        loss=plan.loss,
        optimizer=planned_optimizer(plan.optimizer),
        batch_size=plan.batch_size,
        seed=plan.seed,
        augment=augment,
        threads=1,
    )


def has_layers(net: Network, plan: LearnPlan) -> bool:
    """Whether a network has the layers of a plan."""
    return [(layer.size, layer.activation) for layer in plan.layers] == [
        (layer.out_features, layer.activation) for layer in net.layers if isinstance(layer, Dense)
    ]


def plan_of(edited: EditedNetwork, data: str) -> LearnPlan:
    """Plan how to train a network further: as its record says, with the usual values for what it omits."""
    net, record = edited.net, edited.net.record
    layers = [
        LayerPlan(layer.out_features, cast(ActivationName, layer.activation))
        for layer in net.layers
        if isinstance(layer, Dense)
    ]
    optimizer = _recorded_optimizer(record)
    batch: Any = record.get("batch_size")
    size = batch if Integer(1, 8192).takes(batch) else 32
    return LearnPlan(layers, edited.loss, optimizer, size, data, min(net.seed, (1 << 53) - 1))


def _recorded_optimizer(record: dict[str, Any]) -> OptimizerPlan:
    recorded = record.get("optimizer")
    kind: Any = recorded.get("kind") if isinstance(recorded, dict) else None
    if not Choice(tuple(_USUAL_RATES)).takes(kind):
        kind = "sgd"
    return OptimizerPlan(cast(Any, kind), _USUAL_RATES[kind])


def with_rate(plan: LearnPlan, rate: float) -> LearnPlan:
    """Return the plan with another learning rate."""
    optimizer = msgspec.structs.replace(plan.optimizer, learning_rate=rate)
    return msgspec.structs.replace(plan, optimizer=optimizer)
