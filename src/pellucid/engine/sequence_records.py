"""Records that the kernels and entry points of sequence networks are handed; see `pellucid.engine.records`."""

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
    """Where the frames of a group stand: those of time t from row ``ints[at + t]`` on, for t up to ``longest``.

    ``ints[at + longest]`` is the number of rows.
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
    """The ``size`` labels ``symbols[begin : begin + size]`` of one sequence."""

    symbols: Int64s
    begin: int
    size: int


class Group(NamedTuple):
    """A group of ``size`` sequences, the longest of ``longest`` frames first; that of place s is ``ints[own_at + s]``.

    The first row of the frames of time t is ``ints[times_at + t]`` (see `Times`), the classes of CTC's states stand
    from ``states_at`` on. Sequence m has the frames ``starts[m]`` to ``starts[m + 1]`` of the data.
    """

    ints: Int64s
    own_at: int
    times_at: int
    states_at: int
    starts: Int64s
    longest: int
    size: int


class Places(NamedTuple):
    """Where the integers of a group stand: all sequences of its mini-batch, its own, its times, and CTC's states."""

    all_at: int
    own_at: int
    times_at: int
    states_at: int


class Split(NamedTuple):
    """The group of number ``group`` among the ``groups`` of the mini-batch ``order[low : high]``.

    ``most`` sequences have room to be sorted.
    """

    most: int
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
    """Sequences one after another: number i has the frames (all frames, D) from ``starts[i]`` to ``starts[i + 1]``.

    Its labels are those from ``label_starts[i]`` to ``label_starts[i + 1]``, or one, its class.
    """

    frames: Float32s
    starts: Int64s
    labels: Int64s
    label_starts: Int64s


class Visits(NamedTuple):
    """The ``size`` sequences to visit, in ``order``."""

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
    """What a thread works in: floats, laid out by the table, and the integers of a group."""

    work: Float32s
    ints: Int64s


class GroupUpdate(NamedTuple):
    """The gradient, those of all groups of a mini-batch, and the optimiser's moments; each has ``size`` numbers."""

    gradient: Float32s
    groups: Float32s
    first_moment: Float32s
    second_moment: Float32s
    size: int


class GroupGradients(NamedTuple):
    """The gradient (size,) and those of the groups (groups, size) that are added to it."""

    gradient: Float32s
    groups: Float32s
    size: int


class SequenceLearner(NamedTuple):
    """A network in training, what its optimiser works on, and what this thread works in."""

    program: Program
    update: GroupUpdate
    arena: Arena


class ClippedDescent(NamedTuple):
    """How to train: loss and optimiser by number, and the largest norm of a gradient, 0 for any."""

    loss: int
    optimizer: int
    clip: Float32
    schedule: Schedule


class Tallies(NamedTuple):
    """What threads tell each other: loss and number right of every group, squares of every BLOCK of the gradient."""

    groups: Float64s
    norms: Float64s
    team: Team


class Reading(NamedTuple):
    """How to read, and where answers go: see `pellucid.engine.programs.sequences_entries.read`."""

    loss: int
    carry: int
    outputs: Float32s
    keep: int
    history: Float64s


class Derivatives(NamedTuple):
    """Where the gradient by the inputs goes, and four numbers of which the last two are loss and number right."""

    inputs: Float32s
    history: Float64s
