"""Run a sequence network's program: outputs, losses, gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.programs import sequence_table as st
from pellucid.engine.programs import table as t
from pellucid.engine.programs.capacity import check_room
from pellucid.errors import CapacityError, ConfigurationError, DataError
from pellucid.programs.dense_plan import aligned
from pellucid.programs.running import Gradient
from pellucid.programs.sequence_batches import Floats, Given, Integers
from pellucid.programs.sequences_plan import Room, SequencePlan
from pellucid.system.threads import available_cores, side_by_side

if TYPE_CHECKING:
    from pellucid.network.sequences import SequenceNetwork

SEQUENCE_LOSSES = {"cross_entropy": t.CROSS_ENTROPY, "ctc": st.CTC}

_WORTH_A_THREAD = 8  # sequences below which a second thread costs more than it brings


@dataclass(frozen=True)
class Targets:
    """What is wanted of sequences: those of sequence i are ``symbols[starts[i] : starts[i + 1]]``."""

    symbols: Integers
    starts: Integers
    transcribed: bool

    @property
    def most(self) -> int:
        """Labels of the sequence that has most."""
        return int(np.diff(self.starts).max(initial=0))


NOTHING_WANTED = Targets(np.zeros(1, np.int64), np.zeros(1, np.int64), False)


def room_for(lengths: Integers, group: int, labels: int = 0) -> Room:
    """Room for any ``group`` of sequences of these lengths."""
    group = max(1, min(group, len(lengths)))
    longest = np.sort(lengths)[::-1][:group]
    return Room(int(longest.sum()), group, int(longest.max(initial=1)), labels)


def lengths_of(starts: Integers, order: Integers) -> Integers:
    """Frames, or labels, of the sequences in ``order``, where ``starts`` (N + 1,) says where those of each begin."""
    if len(order) and not 0 <= order.min() <= order.max() < len(starts) - 1:
        raise CapacityError(f"The engine expected sequences from 0 to {len(starts) - 2}, got others in their order.")
    lengths: Integers = starts[order + 1] - starts[order]
    return lengths


def check_plan(plan: SequencePlan, lengths: Integers, group: int, labels: int = 0) -> None:
    """Refuse sequences of which some ``group`` does not fit the arena of ``plan``."""
    needed, held = room_for(lengths, group, labels), plan.room
    check_room("frames in a group", needed.rows, held.rows)
    check_room("sequences in a group", needed.group, held.group)
    check_room("frames in a sequence", needed.longest, held.longest)
    check_room("labels in a sequence", needed.labels, held.labels)


def loss_code(net: SequenceNetwork, loss: str) -> int:
    """The engine's number for a loss, where the network's output suits it."""
    if loss not in SEQUENCE_LOSSES:
        raise ConfigurationError(f"loss expected one of {', '.join(SEQUENCE_LOSSES)}; got {loss!r}.")
    last = getattr(net.layers[-1], "activation", "identity")
    if loss == "ctc":
        if net.reduced or last != "softmax":
            raise ConfigurationError(
                'ctc needs probabilities at every frame: end the network with pl.Dense(K, "softmax") after an LSTM '
                'with outputs="frames".'
            )
    elif not net.reduced:
        raise ConfigurationError(
            f'{loss} needs one answer a sequence: give the last LSTM outputs="last" or "mean", or use loss="ctc".'
        )
    elif last != "softmax":
        raise ConfigurationError("cross_entropy needs outputs that are probabilities: give the last layer softmax.")
    return SEQUENCE_LOSSES[loss]


def check_targets(net: SequenceNetwork, targets: Targets, lengths: Integers, loss: str) -> None:
    """Refuse labels that are not of the loss's kind, that the network has no output for, or no frames.

    Raises
    ------
    DataError
        Naming the sequence.
    """
    classes = net.output_shape[-1]
    if targets.transcribed != (loss == "ctc"):
        kind = "a list of labels" if loss == "ctc" else "one class"
        raise DataError(f"The loss {loss} needs {kind} for every sequence.")
    if len(targets.symbols) and not (targets.symbols.min() >= 0 and targets.symbols.max() < classes):
        raise DataError(
            f"The network has {classes} outputs, so labels run to {classes - 1}; got {int(targets.symbols.max())}: "
            "give the last layer as many neurons as there are classes"
            + (", the blank included." if loss == "ctc" else ".")
        )
    if loss == "ctc":
        check_alignable(targets, lengths)


def check_alignable(targets: Targets, lengths: Integers) -> None:
    """CTC needs a frame for every label, and one more for the blank between two that are alike."""
    alike = np.zeros(len(targets.symbols), np.int64)
    alike[1:] = targets.symbols[1:] == targets.symbols[:-1]
    inner = np.diff(targets.starts) > 0
    alike[targets.starts[:-1][inner]] = 0
    before = np.concatenate([[0], np.cumsum(alike)])
    counts = np.diff(targets.starts)
    needed = counts + before[targets.starts[1:]] - before[targets.starts[:-1]]
    if (needed > lengths).any():
        i = int(np.argmax(needed > lengths))
        raise DataError(
            f"Sequence {i} has {lengths[i]} frames, too few for its {counts[i]} labels, which need {needed[i]} with "
            "the blanks between equal neighbours: drop it, or make frames shorter."
        )


def read_group(
    net: SequenceNetwork,
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
    history, keep = np.zeros(2), outputs is not None
    labels = int(lengths_of(targets.starts, order).max(initial=0)) if loss == SEQUENCE_LOSSES["ctc"] else 0
    check_plan(plan, lengths_of(given.starts, order), int(plan.table[0, st.GROUP]), labels)
    engine("sequences").read(
        plan.table, plan.steps, net.parameters, plan.arena() if arena is None else arena, plan.integers(),
        given.flat, given.starts, targets.symbols, targets.starts, order, len(order), loss, int(carry),
        outputs if outputs is not None else np.zeros(1, np.float32), int(keep), history,
    )  # fmt: skip
    return history


def evaluate(net: SequenceNetwork, given: Given) -> Any:
    """What the network answers, in the form the sequences came in."""
    rows = given.count if net.reduced else len(given.flat)
    outputs = np.zeros((rows, net.output_shape[-1]), np.float32)
    if given.count:
        _in_parts(net, given, outputs, NOTHING_WANTED, -1)
    return given.give_back(outputs, net.reduced)


def judge(net: SequenceNetwork, given: Given, targets: Targets, loss: str) -> tuple[float, float]:
    """Mean loss, and the share of sequences read right: the class, or for CTC the whole transcript."""
    history = _in_parts(net, given, None, targets, loss_code(net, loss))
    return float(history[0] / given.count), float(history[1] / given.count)


def _in_parts(
    net: SequenceNetwork, given: Given, outputs: Floats | None, targets: Targets, loss: int
) -> NDArray[np.float64]:
    """Share the sequences among the cores; those of like length go together."""
    lengths = np.diff(given.starts)
    order = np.argsort(-lengths, kind="stable")
    room = room_for(lengths, st.BATCH_GROUP, targets.most if loss == SEQUENCE_LOSSES["ctc"] else 0)
    plan = net.compose(room, back=False)
    groups = -(-given.count // st.BATCH_GROUP)
    parts = max(1, min(available_cores(), groups, given.count // _WORTH_A_THREAD))

    def some(part: int) -> NDArray[np.float64]:
        mine = [order[k * st.BATCH_GROUP : (k + 1) * st.BATCH_GROUP] for k in range(part, groups, parts)]
        arena = plan.arena()
        told = [
            read_group(net, plan, given, one, arena=arena, outputs=outputs, targets=targets, loss=loss) for one in mine
        ]
        return np.array(told).reshape(-1, 2)

    told = side_by_side(some, parts)
    # Group by group in their order, so that the sum does not depend on how many threads there are.
    ordered = np.array([told[k % parts][k // parts] for k in range(groups)])
    sums: NDArray[np.float64] = ordered.sum(axis=0)
    return sums


def gradient(net: SequenceNetwork, given: Given, targets: Targets, loss: str) -> Gradient:
    """Loss and gradients of a batch of sequences."""
    if not given.count:
        raise DataError("gradient expected at least one sequence, got an empty list.")
    code, lengths = loss_code(net, loss), np.diff(given.starts)
    check_targets(net, targets, lengths, loss)
    most = targets.most if loss == "ctc" else 0
    plan = net.compose(room_for(lengths, st.BATCH_GROUP, most), by_inputs=True)
    check_plan(plan, lengths, int(plan.table[0, st.GROUP]), most)
    slope, scratch = np.zeros(net.parameter_count, np.float32), aligned(net.parameter_count)
    by_input, history = np.zeros_like(given.flat), np.zeros(4)
    engine("sequences").gradient(
        plan.table, plan.steps, net.parameters, slope, scratch, net.parameter_count, plan.arena(), plan.integers(),
        given.flat, given.starts, targets.symbols, targets.starts, np.arange(given.count), given.count, code, by_input,
        history,
    )  # fmt: skip
    return Gradient(float(history[2] / given.count), slope, given.give_back(by_input, reduced=False))
