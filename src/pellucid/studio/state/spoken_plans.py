"""Plans for spoken digits: from a plan to a network of sequences and its trainer, and from such a network to a plan."""

from __future__ import annotations

from typing import Any, cast

from pellucid.layers import LAYERS, Dense, Layer
from pellucid.layers.recurrent import Recurrent
from pellucid.network.network import Network
from pellucid.speech.augmentation import Vary
from pellucid.speech.lexicon import CLASSES
from pellucid.studio.protocol.parts import ActivationName, DataChoice, LayerPlan, LearnPlan, OptimizerPlan, ReadyPlan
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.optimizer_plans import planned_optimizer, recorded_batch, recorded_optimizer
from pellucid.studio.state.spoken_sets import DIGITS, INPUTS, NOTES, Utterances
from pellucid.training.trainer import Trainer

RECURRENT = ("lstm", "gru", "rnn")

MAX_PARAMETERS = 1_000_000
"""Training keeps many copies of them in memory."""

_RATE, _BATCH, _CLIP = 0.01, 16, 5.0


def is_spoken(plan: LearnPlan) -> bool:
    """Whether a plan is one for spoken digits."""
    return any(layer.kind in RECURRENT for layer in plan.layers)


def spoken_classes(loss: str) -> tuple[str, ...]:
    """Return the outputs that a loss needs: sounds for "ctc", digits for any other."""
    return CLASSES if loss == "ctc" else DIGITS


def spoken_layers(plan: LearnPlan) -> list[Layer]:
    """Make the layers of a plan; without CTC, the last recurrent one has one output for each utterance.

    Raises
    ------
    RefusedError
        If they are no network of spoken digits, or too large for the studio.
    """
    if plan.loss not in ("ctc", "cross_entropy"):
        raise RefusedError("bad_value", f"Expected the loss ctc or cross_entropy for speech, got {plan.loss}.")
    unfit = sorted({layer.kind for layer in plan.layers} - {"dense", *RECURRENT})
    if unfit:
        raise RefusedError("bad_value", f"Expected recurrent and dense layers for speech, got {', '.join(unfit)}.")
    at = [number for number, layer in enumerate(plan.layers) if layer.kind in RECURRENT]
    if not at:
        raise RefusedError("bad_value", "Expected a recurrent layer for speech, got dense ones alone: add an LSTM.")
    layers: list[Layer] = []
    for number, layer in enumerate(plan.layers):
        kind: Any = LAYERS[layer.kind]
        if layer.kind == "dense":
            layers.append(Dense(layer.size, layer.activation))
        else:
            reduces = plan.loss != "ctc" and number == at[-1]
            outputs = "last" if reduces else "frames"
            layers.append(kind(layer.size, bidirectional=layer.bidirectional, outputs=outputs))
    _check_outputs(plan)
    _check_size(layers)
    return layers


def _check_outputs(plan: LearnPlan) -> None:
    last, classes = plan.layers[-1], spoken_classes(plan.loss)
    if (last.kind, last.activation, last.size) != ("dense", "softmax", len(classes)):
        raise RefusedError(
            "bad_value",
            f"Expected a dense output layer with softmax and {len(classes)} outputs for {plan.loss}, got "
            f"{last.size} {last.activation} of kind {last.kind}.",
        )


def _check_size(layers: list[Layer]) -> None:
    shape: Any = (None, INPUTS)
    count = 0
    for layer in layers:
        count += layer.parameter_count(shape)
        shape = layer.output_shape(shape)
    if count > MAX_PARAMETERS:
        raise RefusedError(
            "too_large", f"Expected at most {MAX_PARAMETERS:,} parameters, got {count:,}: use fewer or smaller layers."
        )


def spoken_network(plan: LearnPlan) -> Network:
    """Make a new network of spoken digits, drawn from the plan's seed."""
    shape: Any = (None, INPUTS)
    return Network(spoken_layers(plan), input_shape=shape, seed=plan.seed, classes=spoken_classes(plan.loss))


def spoken_trainer(plan: LearnPlan, net: Network, utterances: Utterances) -> Trainer:
    """Make a trainer of a network of spoken digits."""
    return Trainer(
        net, utterances.train, loss=plan.loss, optimizer=planned_optimizer(plan.optimizer),
        batch_size=plan.batch_size, seed=plan.seed, augment=Vary() if plan.augment else None, threads=1, clip=plan.clip,
    )  # fmt: skip


def spoken_plan_of(net: Network, data: str) -> LearnPlan | None:
    """Plan how to train a network further on a set of spoken digits; None where no plan has its layers."""
    plans: list[LayerPlan] = []
    for layer in net.layers:
        if isinstance(layer, Recurrent) and layer.kind in RECURRENT:
            kind: Any = layer.kind
            plans.append(LayerPlan(layer.hidden_size, "identity", kind, bidirectional=layer.bidirectional))
        elif isinstance(layer, Dense):
            plans.append(LayerPlan(layer.out_features, cast(ActivationName, layer.activation)))
        else:
            return None
    usual = first_spoken_plan(data)
    optimizer, batch = recorded_optimizer(net.record) or usual.optimizer, recorded_batch(net.record) or usual.batch_size
    loss = "ctc" if len(net.output_shape) == 2 else "cross_entropy"
    plan = _plan(data, plans, loss, optimizer, batch, min(net.seed, (1 << 53) - 1))
    return plan if makes(plan, net) else None


def makes(plan: LearnPlan, net: Network) -> bool:
    """Whether a plan makes the layers of a network, however they are initialised."""

    def described(layer: Layer) -> dict[str, Any]:
        return {"kind": layer.kind} | {
            name: value for name, value in layer.configuration().items() if name != "initialization"
        }

    try:
        layers = spoken_layers(plan)
    except RefusedError:
        return False
    shape: Any = (None, INPUTS)
    return net.input_shape == shape and list(map(described, layers)) == list(map(described, net.layers))


def first_spoken_plan(data: str) -> LearnPlan:
    """Plan a small network that learns to spell digits within a minute: one LSTM forwards in time, and CTC."""
    return _plan(data, [_lstm(48), _outputs("ctc")], "ctc")


def spoken_choice(data: str) -> DataChoice:
    """Describe a set of spoken digits for the page."""
    first = first_spoken_plan(data)
    both = _plan(data, [_lstm(48, both=True), _outputs("ctc")], "ctc")
    last = _plan(data, [_lstm(32), _outputs("cross_entropy")], "cross_entropy")
    ready = [
        ReadyPlan("one LSTM, sounds", first), ReadyPlan("both directions, sounds", both),
        ReadyPlan("last step, digits", last),
    ]  # fmt: skip
    return DataChoice(
        data, list(CLASSES), True, NOTES[data], False, first.centring, False, INPUTS, [INPUTS], False, "classes",
        first, ready, True,
    )  # fmt: skip


def _lstm(size: int, *, both: bool = False) -> LayerPlan:
    return LayerPlan(size, "identity", "lstm", bidirectional=both)


def _outputs(loss: str) -> LayerPlan:
    return LayerPlan(len(spoken_classes(loss)), "softmax")


def _plan(
    data: str,
    layers: list[LayerPlan],
    loss: Any,
    optimizer: OptimizerPlan | None = None,
    batch: int = _BATCH,
    seed: int = 0,
) -> LearnPlan:
    return LearnPlan(layers, loss, optimizer or OptimizerPlan("adam", _RATE), batch, data, seed, clip=_CLIP)
