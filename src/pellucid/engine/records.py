"""Records that kernels and entry points are handed: arguments that belong together, under one name.

Machine code takes the fields one by one (`pellucid.engine.compiler.signature`), so that a record costs nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from pellucid.engine.compiler.signature import Float32, Float32s, Float64s, Int64s, UInt8s, UInt16s


class Vector(NamedTuple):
    """Floats one after another, from element ``at`` of ``memory`` on."""

    memory: Float32s
    at: int


class Matrix(NamedTuple):
    """Rows of floats, ``stride`` elements apart; the first begins at element ``at`` of ``memory``."""

    memory: Float32s
    at: int
    stride: int


class Strided(NamedTuple):
    """A matrix (m, k) whose element (i, p) is ``memory[at + i row + p step]``: transposed by a change of strides."""

    memory: Float32s
    at: int
    row: int
    step: int


class Sizes(NamedTuple):
    """Sizes of a layer's work, or of a matrix product: ``n`` images, ``d`` inputs, ``k`` outputs."""

    n: int
    d: int
    k: int


class Affine(NamedTuple):
    """Where a dense layer's parameters stand: weights (D, K) at ``weight``, biases (K,) at ``bias``."""

    parameters: Float32s
    weight: int
    bias: int


class Range(NamedTuple):
    """``size`` things from ``begin`` on."""

    begin: int
    size: int


class Interval(NamedTuple):
    """Things from ``begin`` up to, not including, ``end``."""

    begin: int
    end: int


class Part(NamedTuple):
    """Which of ``size`` threads is at work."""

    rank: int
    size: int


class Team(NamedTuple):
    """The threads that share a loop, and the barrier (at least 16 int64) at which they wait for each other."""

    part: Part
    barrier: Int64s


class Program(NamedTuple):
    """A network as the engine runs it: its table (rows, COLUMNS) and all its parameters in one vector."""

    table: Int64s
    rows: int
    parameters: Float32s


class PlanesLayer(NamedTuple):
    """A layer of planes at work: where its row of the table begins, where the row before, and the arena."""

    table: Int64s
    row: int
    before: int
    work: Float32s


class Images(NamedTuple):
    """Images as training takes them: dense rows in ``data``, or sparse rows (CSR).

    The entries of image i are ``indptr[i]`` to ``indptr[i + 1]``, from ``middles[i]`` on those of the upper half of its
    inputs: the number of the input in ``indices``, its value in ``data`` or, as a byte, in ``levels``, where
    ``background`` is the level of 0 and ``background + span`` that of 1. ``kind`` is DENSE_INPUT, SPARSE_INPUT or
    SPARSE_BYTES_INPUT of `pellucid.engine.programs.table`.
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
    """Where sparse rows (CSR) are written: as `Images` has them, ``indptr`` (N + 1,) and ``middles`` (N,)."""

    indices: UInt16s
    data: Float32s
    indptr: Int64s
    middles: Int64s


class SparseByteRows(NamedTuple):
    """Where sparse rows of bytes are written: the same, with ``levels`` for data."""

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
    """Dense images as they come to be read: bytes in ``small`` or floats in ``floats``, by ``kind``; rest as above."""

    kind: int
    small: UInt8s
    floats: Float32s
    background: Float32
    span: Float32


class DenseRow(NamedTuple):
    """One image, or some of its inputs: ``size`` of them, ``small[at]`` or ``floats[at]`` and on; rest as above."""

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
    """``size`` images of a set, by their numbers (size,)."""

    numbers: Int64s
    size: int


class Grid(NamedTuple):
    """The sides of an image in pixels, and how far its rows are apart."""

    height: int
    width: int
    pitch: int


class Answers(NamedTuple):
    """Where outputs go: ``outputs`` (N, K), and ``doubts`` (1,), NaN if a number that is not finite came, else 0."""

    outputs: Float32s
    doubts: Float32s


class Scratch(NamedTuple):
    """What one tile is worked on in: the arena, and the class that each of its images should be, ``wanted``."""

    work: Float32s
    wanted: Int64s


class Tile(NamedTuple):
    """The images ``order[first : first + size]``; those up to ``order[total]`` come after them."""

    order: Int64s
    first: int
    size: int
    total: int


class Examples(NamedTuple):
    """Which examples, in which order: the class of example i is ``targets[i]``."""

    order: Int64s
    targets: Int64s
    size: int


class Slice(NamedTuple):
    """The examples ``order[first]`` up to ``order[past]``, and the classes of all."""

    order: Int64s
    targets: Int64s
    first: int
    past: int


class Epoch(NamedTuple):
    """The mini-batches ``begin`` to ``end`` of an epoch that visits ``size`` examples in ``order``."""

    order: Int64s
    targets: Int64s
    size: int
    batch: int
    begin: int
    end: int


class Moments(NamedTuple):
    """A gradient, and the optimiser's first and second moment of it, each shaped as the parameters."""

    gradient: Float32s
    first: Float32s
    second: Float32s


class Update(NamedTuple):
    """What an optimiser works on: the gradient and its moments, ``size`` numbers each."""

    moments: Moments
    size: int


class Key(NamedTuple):
    """The key of random numbers by counting: two 32-bit words."""

    first: int
    second: int


class Draws(NamedTuple):
    """What dropout goes by: the number of an image among all that were ever trained on, and the key."""

    serial: int
    key: Key


class Distortion(NamedTuple):
    """How images are varied: settings and key of `pellucid.engine.kernels.random`, and a field of noise.

    The field has ``side`` by ``side`` pixels, and beyond them begins anew.
    """

    settings: Float32s
    field: Float32s
    side: int
    key: Key


class Schedule(NamedTuple):
    """What a step goes by, and what it tells: SETTINGS floats a thread, two rates a step, two float64 a step."""

    settings: Float32s
    rates: Float32s
    history: Float64s


class Learner(NamedTuple):
    """A network in training: its program, what its optimiser works on, and what a tile is worked on in."""

    program: Program
    update: Update
    scratch: Scratch


class Descent(NamedTuple):
    """How to train: loss and optimiser by number, ``direct`` where gradients go straight to the parameters."""

    loss: int
    optimizer: int
    direct: int
    schedule: Schedule


class PlanesDescent(NamedTuple):
    """The same for networks over planes: every gradient is a vector of its own."""

    loss: int
    optimizer: int
    schedule: Schedule


class Score(NamedTuple):
    """Which loss, by number, and where its sum and the number read right are added up: ``history`` (2,)."""

    loss: int
    history: Float64s


class Slopes(NamedTuple):
    """Where gradients go: by all parameters, and by the inputs (N, D); with what they are worked out in.

    ``turned`` (K, D) is scratch for the first layer's weights.
    """

    parameters: Float32s
    scratch: Scratch
    inputs: Float32s
    turned: Float32s
