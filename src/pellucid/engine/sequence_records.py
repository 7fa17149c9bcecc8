"""Records that kernels and entry points of sequence networks take as arguments; see `pellucid.engine.records`."""

from __future__ import annotations

from typing import NamedTuple

from pellucid.engine.compiler.signature import Float32, Float32s, Float64s, Int64s
from pellucid.engine.records import Program, Schedule, Team


class Layer(NamedTuple):
    """A layer of a sequence network: its row of the program table, and the arena ``work`` of the group."""

    table: Int64s
    row: int
    work: Float32s


class Times(NamedTuple):
    """The rows of a group's frames by time: those of time step t begin at row ``ints[at + t]``.

    ``longest`` is the number of time steps; ``ints[at + longest]`` is the number of rows.
    """

    ints: Int64s
    at: int
    longest: int


class Member(NamedTuple):
    """One sequence of a group: its frame t, of ``frames``, is row ``times.ints[times.at + t] + place``."""

    times: Times
    place: int
    frames: int


class Labels(NamedTuple):
    """The labels ``symbols[begin : begin + size]`` of one sequence."""

    symbols: Int64s
    begin: int
    size: int


class Group(NamedTuple):
    """A group of ``size`` sequences, the longest of ``longest`` frames first.

    Its sequences are number ``ints[group_at + s]`` of the data; sequence i has the frames ``starts[i]`` to
    ``starts[i + 1]``. The first row of time step t is ``ints[times_at + t]``; the classes of CTC's states begin at
    ``ints[states_at]``.
    """

    ints: Int64s
    group_at: int
    times_at: int
    states_at: int
    starts: Int64s
    longest: int
    size: int


class Offsets(NamedTuple):
    """Offsets of a group's integers: sequences of the mini-batch, of the group, first rows, classes of CTC's states."""

    batch_at: int
    group_at: int
    times_at: int
    states_at: int


class Split(NamedTuple):
    """Group ``group`` of the ``groups`` that the mini-batch ``order[low : high]`` is split into.

    There is room for ``capacity`` sequences of a mini-batch.
    """

    capacity: int
    order: Int64s
    low: int
    high: int
    group: int
    groups: int


class Objective(NamedTuple):
    """The loss by number, and the factor of its gradient."""

    loss: int
    scale: Float32


class Sequences(NamedTuple):
    """Sequences: number i has the frames ``starts[i]`` to ``starts[i + 1]`` of (all frames, D).

    Its labels are ``label_starts[i]`` to ``label_starts[i + 1]`` of ``labels``; for a classifier that is one class. For
    the linear loss ``cotangents`` has a row (K,) for each output: for every frame, or for every sequence.
    """

    frames: Float32s
    starts: Int64s
    labels: Int64s
    label_starts: Int64s
    cotangents: Float32s


class Selection(NamedTuple):
    """The ``size`` sequences ``order[:size]``."""

    order: Int64s
    size: int


class Steps(NamedTuple):
    """The mini-batches ``begin`` to ``end`` of an epoch that visits ``size`` sequences in ``order``."""

    order: Int64s
    size: int
    batch: int
    begin: int
    end: int


class Arena(NamedTuple):
    """The memory of one thread: floats, laid out by the table, and the integers of a group."""

    work: Float32s
    ints: Int64s


class GroupUpdate(NamedTuple):
    """The gradient, those of the groups of a mini-batch (groups, size), and the optimiser's moments (size,)."""

    gradient: Float32s
    groups: Float32s
    first_moment: Float32s
    second_moment: Float32s
    size: int


class GroupGradients(NamedTuple):
    """The gradient (size,), and the gradients of the groups (groups, size) that are added to it."""

    gradient: Float32s
    groups: Float32s
    size: int


class SequenceLearner(NamedTuple):
    """A network in training: its program, its gradients and moments, and the memory of one thread."""

    program: Program
    update: GroupUpdate
    arena: Arena


class ClippedDescent(NamedTuple):
    """How to train: loss and optimiser by number; ``clip`` is the largest norm of the gradient, 0 for no limit."""

    loss: int
    optimizer: int
    clip: Float32
    schedule: Schedule


class Totals(NamedTuple):
    """Shared totals: loss and number correct of each group, sum of squares of each BLOCK of the gradient."""

    groups: Float64s
    norms: Float64s
    team: Team


class Reading(NamedTuple):
    """What to compute, and where the results go; see `pellucid.engine.programs.sequences_entries.read`."""

    loss: int
    carry: int
    outputs: Float32s
    keep: int
    history: Float64s


class InputGradient(NamedTuple):
    """Results of `pellucid.engine.programs.sequences_entries.gradient`.

    The gradient by the inputs, and four numbers: loss and number correct of the last group, then of all groups.
    """

    inputs: Float32s
    history: Float64s
