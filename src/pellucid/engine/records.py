"""Records of arguments that belong together, for kernels and entry points.

Machine code takes the fields one by one (`pellucid.engine.compiler.signature`), so that a record costs nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from pellucid.engine.compiler.signature import Float32, Float32s, Float64s, Int64s, UInt8s, UInt16s


class Vector(NamedTuple):
    """Contiguous floats, from element ``at`` of ``memory`` on."""

    memory: Float32s
    at: int


class Matrix(NamedTuple):
    """Rows of floats, ``stride`` elements apart; the first row begins at element ``at`` of ``memory``."""

    memory: Float32s
    at: int
    stride: int


class Strided(NamedTuple):
    """A matrix with element (i, p) at ``memory[at + i row + p step]``; swapping ``row`` and ``step`` transposes it."""

    memory: Float32s
    at: int
    row: int
    step: int


class Sizes(NamedTuple):
    """Sizes of a layer: ``n`` images, ``d`` inputs, ``k`` outputs."""

    n: int
    d: int
    k: int


class Affine(NamedTuple):
    """A dense layer's parameters: weights (D, K) at element ``weight``, biases (K,) at element ``bias``."""

    parameters: Float32s
    weight: int
    bias: int


class Range(NamedTuple):
    """``size`` items from ``begin`` on."""

    begin: int
    size: int


class Interval(NamedTuple):
    """Items from ``begin`` up to, not including, ``end``."""

    begin: int
    end: int


class Part(NamedTuple):
    """One of ``size`` threads."""

    rank: int
    size: int


STOP = 2
"""The place in a barrier that the caller sets to 1 to have a training step given up."""


class Team(NamedTuple):
    """A thread of those that share a loop, and their barrier (at least 16 int64)."""

    part: Part
    barrier: Int64s


class Program(NamedTuple):
    """A network as the engine runs it: its table (rows, COLUMNS) and all its parameters in one vector."""

    table: Int64s
    rows: int
    parameters: Float32s


class PlanesLayer(NamedTuple):
    """A layer of planes: offsets of its row and of the previous row of the program table, and the arena."""

    table: Int64s
    row: int
    before: int
    work: Float32s


class Images(NamedTuple):
    """Images for training: dense rows in ``data``, or sparse rows (CSR).

    The entries of image i are ``indptr[i]`` to ``indptr[i + 1]``; those of the upper half of its inputs begin at
    ``middles[i]``. An entry has the number of an input in ``indices`` and its value in ``data``, or as a byte in
    ``levels``, where ``background`` is the level of 0 and ``background + span`` that of 1. ``kind`` is DENSE_INPUT,
    SPARSE_INPUT or SPARSE_BYTES_INPUT of `pellucid.engine.programs.table`.
    """

    kind: int
    indptr: Int64s
    middles: Int64s
    indices: UInt16s
    data: Float32s
    levels: UInt8s
    background: Float32
    span: Float32


class SparseRows(NamedTuple):
    """Sparse rows (CSR) to be written, in the format of `Images`: ``indptr`` (N + 1,), ``middles`` (N,)."""

    indices: UInt16s
    data: Float32s
    indptr: Int64s
    middles: Int64s


class SparseByteRows(NamedTuple):
    """Sparse rows of bytes to be written: the same with ``levels`` instead of ``data``."""

    indices: UInt16s
    levels: UInt8s
    indptr: Int64s
    middles: Int64s


class ByteImages(NamedTuple):
    """``size`` images of bytes, (size, width); ``background`` is the level of 0."""

    small: UInt8s
    size: int
    width: int
    background: int


class Pixels(NamedTuple):
    """Dense images for inference: by ``kind``, bytes in ``small`` or floats in ``floats``; the rest as in `Images`."""

    kind: int
    small: UInt8s
    floats: Float32s
    background: Float32
    span: Float32


class DenseRow(NamedTuple):
    """``size`` inputs of one image, from ``small[at]`` or ``floats[at]`` on; the rest as in `Pixels`."""

    kind: int
    small: UInt8s
    floats: Float32s
    at: int
    size: int
    background: Float32
    span: Float32


class Batch(NamedTuple):
    """``size`` dense images of ``width`` inputs each, (size, width)."""

    pixels: Pixels
    size: int
    width: int


class Picked(NamedTuple):
    """``size`` images of a data set, given by their indices (size,)."""

    numbers: Int64s
    size: int


class Grid(NamedTuple):
    """Height and width of an image in pixels, and the distance between its rows."""

    height: int
    width: int
    pitch: int


class Answers(NamedTuple):
    """Results of inference: ``outputs`` (N, K), and ``doubts`` (threads,).

    A thread's doubt becomes NaN if it met an input that is not finite; otherwise it is 0.
    """

    outputs: Float32s
    doubts: Float32s


class Scratch(NamedTuple):
    """Scratch memory of one tile: the arena, and the target class of each image."""

    work: Float32s
    tile_targets: Int64s


class Tile(NamedTuple):
    """The images ``order[first : first + size]``; those up to ``order[total]`` follow."""

    order: Int64s
    first: int
    size: int
    total: int


class Targets(NamedTuple):
    """What the network should give for each example: a class (N,), or values (N, K); and the examples' weights (N,).

    The code of the loss tells which of them are used; the others may be empty.
    """

    classes: Int64s
    values: Float32s
    weights: Float32s


class Examples(NamedTuple):
    """``size`` examples in ``order``, and the targets of all examples."""

    order: Int64s
    targets: Targets
    size: int


class Slice(NamedTuple):
    """The examples ``order[first:past]``, and the targets of all examples."""

    order: Int64s
    targets: Targets
    first: int
    past: int


class Epoch(NamedTuple):
    """The mini-batches ``begin`` to ``end`` of one epoch, or of several one after another.

    ``order`` has ``size`` examples, ``examples`` for each epoch; mini-batches do not reach beyond the end of an epoch.
    """

    order: Int64s
    targets: Targets
    size: int
    examples: int
    batch: int
    begin: int
    end: int


class Moments(NamedTuple):
    """A gradient, and the optimiser's first and second moment of it, each shaped as the parameters."""

    gradient: Float32s
    first: Float32s
    second: Float32s


class Update(NamedTuple):
    """The vectors of an optimiser: the gradient and its moments, ``size`` numbers each."""

    moments: Moments
    size: int


class Key(NamedTuple):
    """The key of a counter-based random number generator: two 32-bit words."""

    first: int
    second: int


class Draws(NamedTuple):
    """What dropout depends on: the number of an image among all that the network was trained on, and the key."""

    serial: int
    key: Key


NO_DRAWS = Draws(0, Key(0, 0))
"""Placeholder where nothing is dropped."""


class Distortion(NamedTuple):
    """How images are distorted: settings and key of `pellucid.engine.kernels.random`, and a field of noise.

    The field has ``side`` by ``side`` pixels and is periodic.
    """

    settings: Float32s
    field: Float32s
    side: int
    key: Key


class Schedule(NamedTuple):
    """The optimiser's settings and rates; ``history`` receives two float64 per step.

    ``settings`` has SETTINGS floats for each group of parameters, and those of all groups for each thread; ``rates``
    has RATES numbers per step. The group g has the parameters from ``ranges[2g]`` to ``ranges[2g + 1]``, and
    ``factors[2g]`` for its learning rate, ``factors[2g + 1]`` for its share that decays.
    """

    settings: Float32s
    rates: Float32s
    history: Float64s
    ranges: Int64s
    factors: Float32s
    groups: int


class Learner(NamedTuple):
    """A network in training: its program, the vectors of its optimiser, and the scratch memory of one tile."""

    program: Program
    update: Update
    scratch: Scratch


class Descent(NamedTuple):
    """How to train: the codes of loss and optimiser; ``direct`` if gradients are added to the parameters."""

    loss: int
    optimizer: int
    direct: int
    schedule: Schedule


class PlanesDescent(NamedTuple):
    """The same for networks over planes, which never add gradients to the parameters directly."""

    loss: int
    optimizer: int
    schedule: Schedule


class Score(NamedTuple):
    """The code of a loss; its sum and the number of correct outputs are added to ``history`` (2,)."""

    loss: int
    history: Float64s


class Gradients(NamedTuple):
    """Where gradients are written: those of all parameters, and of the inputs (N, D); with scratch memory.

    ``transposed`` (K, D) is scratch for the first layer's weights.
    """

    parameters: Float32s
    scratch: Scratch
    inputs: Float32s
    transposed: Float32s
