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


class Images(NamedTuple):
    """Images as training takes them: dense rows in ``data``, or sparse rows (CSR).

    The entries of image i are ``indptr[i]`` to ``indptr[i + 1]``, from ``middles[i]`` on those of the upper half of its
    inputs: the number of the input in ``indices``, its value in ``data`` or, packed as a byte, in ``levels``, where
    ``background`` is the level of 0 and ``background + span`` that of 1. ``kind`` is DENSE_INPUT, INK_INPUT or
    PACKED_INPUT of `pellucid.engine.programs.table`.
    """

    kind: int
    indptr: Int64s
    middles: Int64s
    indices: UInt16s
    data: Float32s
    levels: UInt8s
    background: Float32
    span: Float32


class Pixels(NamedTuple):
    """Dense images as they come to be read: bytes in ``small`` or floats in ``floats``, by ``kind``; rest as above."""

    kind: int
    small: UInt8s
    floats: Float32s
    background: Float32
    span: Float32


class Examples(NamedTuple):
    """Which examples, in which order: the class of example i is ``targets[i]``."""

    order: Int64s
    targets: Int64s
    size: int


class Epoch(NamedTuple):
    """The mini-batches ``begin`` to ``end`` of an epoch that visits ``size`` examples in ``order``."""

    order: Int64s
    targets: Int64s
    size: int
    batch: int
    begin: int
    end: int


class Update(NamedTuple):
    """The gradient and the optimiser's moments, each shaped as the parameters, ``size`` of them."""

    gradient: Float32s
    first_moment: Float32s
    second_moment: Float32s
    size: int


class Schedule(NamedTuple):
    """What a step goes by, and what it tells: SETTINGS floats a thread, two rates a step, two float64 a step."""

    settings: Float32s
    rates: Float32s
    history: Float64s
