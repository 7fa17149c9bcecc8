"""From a plan of the page to a network, an optimiser and a trainer; and from a network back to a plan."""

from __future__ import annotations

import math

from pellucid.data.columns import record_of
from pellucid.data.dataset import Dataset
from pellucid.data.preparation import RECORD, Preparation
from pellucid.data.tabular import Table
from pellucid.network.network import Network
from pellucid.network.prediction import VALUE_LOSSES
from pellucid.studio.protocol.parts import LearnPlan, Loss
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from pellucid.studio.state.edited_network import EditedNetwork, centring_of
from pellucid.studio.state.input_form import SIDE
from pellucid.studio.state.layer_plans import layer_plans, planned_layers
from pellucid.studio.state.optimizer_plans import planned_optimizer, recorded_batch, recorded_optimizer
from pellucid.training.trainer import Trainer

DEFAULT_NETWORK = "digits-sigmoid"
"""The network that the studio opens with: the one of README.md."""

NEW = "untitled"
"""Name of a network that was made here and not named yet."""

_LONGEST = 1000
"""Characters of a record's list of data sets."""


def planned_network(plan: LearnPlan, train: Dataset, initialization: str | None = None) -> Network:
    """Make a new network for training data, drawn from the plan's seed; by default as is usual for each activation."""
    if plan.layers[-1].kind != "dense":
        raise RefusedError("bad_value", f"Expected a dense output layer, got {plan.layers[-1].kind}: add one.")
    if plan.layers[-1].size != len(train.classes):
        kind = "class" if train.has_classes else "value"
        raise RefusedError(
            "bad_value", f"Expected {len(train.classes)} outputs, one for each {kind}, got {plan.layers[-1].size}."
        )
    if (plan.loss in VALUE_LOSSES) == train.has_classes:
        kind = "classes" if train.has_classes else "values"
        raise RefusedError("bad_value", f"Expected a loss for {kind}, got {plan.loss}: choose another loss.")
    shape = planned_shape(train)
    net = Network(
        planned_layers(plan.layers, shape, initialization), input_shape=shape, seed=plan.seed, classes=train.classes
    )
    net.adopt(train.unit_range, train.classes)
    net.record |= record_of(train)
    return net


def planned_shape(train: Dataset) -> tuple[int, ...]:
    """The shape in which a new network takes training data: drawings as pictures, however they are stored."""
    is_drawn = math.prod(train.shape) == SIDE * SIDE and not isinstance(train, Table)
    return (SIDE, SIDE) if is_drawn else train.shape


def first_network(catalog: DatasetCatalog, model: str | None) -> EditedNetwork:
    """Return the network of a new session: ``model``; by default the network of the notes, or a new one for own data.

    A new one is made where the classes of the user's own data are others than those of the default network.
    """
    edited = EditedNetwork.load(model or DEFAULT_NETWORK)
    if model is not None or catalog.own is None:
        return edited
    if catalog.suits(catalog.own, edited, named=True):
        return edited
    plan = catalog.first_plan(catalog.own)
    train = catalog.data(catalog.own, columns=catalog.columns(catalog.own, plan.standardize)).train
    net = planned_network(plan, train)
    record_preparation(net, plan, catalog.is_raw(catalog.own))
    return EditedNetwork(net, NEW, network_loss(plan))


def network_loss(plan: LearnPlan) -> Loss:
    """Return the loss of a plan for pictures or rows.

    Raises
    ------
    RefusedError
        If it is one for speech.
    """
    if plan.loss == "ctc":
        raise RefusedError("bad_value", "Expected a loss for pictures or rows, got ctc: it is for speech.")
    return plan.loss


def planned_trainer(plan: LearnPlan, net: Network, data: Dataset) -> Trainer:
    """Make a trainer of a network."""
    augment = None
    if plan.augment:
        from pellucid.training.augmentation import Augment

        augment = Augment.standard()
    return Trainer(
        net,
        data,
        loss=network_loss(plan),
        optimizer=planned_optimizer(plan.optimizer),
        batch_size=plan.batch_size,
        seed=plan.seed,
        augment=augment,
        threads=1,
    )


def record_preparation(net: Network, plan: LearnPlan, raw: bool) -> None:
    """Record in a network how ``raw`` pictures are prepared for it; images that are centred already need no record."""
    net.record = {name: value for name, value in net.record.items() if name != RECORD}
    if raw:
        net.record[RECORD] = preparation_of(plan).configuration()


def record_training(net: Network, plan: LearnPlan) -> None:
    """Record in a network how it is trained, after what its record says of earlier training."""
    before = str(net.record.get("data", ""))
    data = plan.data if before in ("", plan.data) else f"{before.removesuffix(f', then {plan.data}')}, then {plan.data}"
    net.record |= {
        "data": data[:_LONGEST],
        "loss": plan.loss,
        "optimizer": planned_optimizer(plan.optimizer).configuration(),
        "batch_size": plan.batch_size,
        "seed": plan.seed,
    }


def has_layers(net: Network, plan: LearnPlan) -> bool:
    """Whether a network has the layers of a plan."""
    return plan.layers == layer_plans(net.layers)


def plan_of(edited: EditedNetwork, data: str, usual: LearnPlan) -> LearnPlan:
    """Plan how to train a network further: as its record says, and for what that omits as is usual for the data."""
    net, record = edited.net, edited.net.record
    optimizer, size = recorded_optimizer(record) or usual.optimizer, recorded_batch(record) or 32
    return LearnPlan(
        layer_plans(net.layers), edited.loss, optimizer, size, data, min(net.seed, (1 << 53) - 1),
        centring=centring_of(edited.preparation), dark_ink=edited.preparation.dark_ink,
        standardize=edited.columns is not None and edited.columns.mean is not None,
    )  # fmt: skip


def preparation_of(plan: LearnPlan) -> Preparation:
    """Return how a plan prepares pictures of one's own."""
    how = plan.centring
    return Preparation(plan.dark_ink, how.thicken, how.scale, how.smooth, how.mass)
