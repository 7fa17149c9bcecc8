"""From what the page plans to layers, optimisers and trainers, and from a network back to a plan."""

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
    """A new network, as its seed draws it."""
    sizes = [SIDE * SIDE, *(layer.size for layer in plan.layers)]
    # Told before memory is taken; the studio's own bound is checked where every network is.
    if sum((before + 1) * after for before, after in itertools.pairwise(sizes)) > 1 << 24:
        raise RefusedError("too_large", "Expected a network to look into, got one of many millions of parameters.")
    if plan.layers[-1].size != len(classes):
        raise RefusedError(
            "bad_value", f"The last layer needs {len(classes)} neurons, one a class; got {plan.layers[-1].size}."
        )
    layers = [Dense(layer.size, layer.activation) for layer in plan.layers]
    return Network(layers, input_shape=(SIDE, SIDE), seed=plan.seed, classes=classes)


def planned_optimizer(plan: OptimizerPlan) -> Optimizer:
    """The optimiser that is wanted."""
    if plan.kind == "sgd":
        return SGD(plan.learning_rate, decay=plan.decay)
    if plan.kind == "momentum":
        return Momentum(plan.learning_rate, plan.momentum, plan.nesterov, decay=plan.decay)
    return Adam(plan.learning_rate, plan.beta1, plan.beta2, decay=plan.decay)


def planned_trainer(plan: LearnPlan, net: Network, data: Dataset) -> Trainer:
    """A trainer of a network on the data that learn."""
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


def fits(plan: LearnPlan, net: Network) -> bool:
    """Whether a network has the layers of a plan."""
    return [(layer.size, layer.activation) for layer in plan.layers] == [
        (layer.out_features, layer.activation) for layer in net.layers if isinstance(layer, Dense)
    ]


def plan_of(edited: EditedNetwork, data: str) -> LearnPlan:
    """How one would go on training a network: as its record says, as far as it says something."""
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
    """The plan with another learning rate."""
    optimizer = msgspec.structs.replace(plan.optimizer, learning_rate=rate)
    return msgspec.structs.replace(plan, optimizer=optimizer)
