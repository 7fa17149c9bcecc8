"""The program table: one row of integers a layer, the whole description of a network that the engine ever sees.

Offsets count float32 elements: parameter offsets into the flat parameter vector (and into the gradient and optimiser
vectors, which have the same shape), work offsets into the arena that holds one tile of images.
"""

from __future__ import annotations

(
    OPERATION,  # which layer: DENSE
    INPUTS,  # features in
    OUTPUTS,  # features out
    ACTIVATION,  # IDENTITY, SIGMOID, RELU, TANH or SOFTMAX
    WEIGHT,  # parameter offset; weights are stored by input: (inputs, outputs)
    BIAS,  # parameter offset; (outputs,)
    SOURCE,  # work offset of the layer's input, (tile, source stride)
    SOURCE_STRIDE,
    SUMS,  # work offset of the weighted sums z, (tile, stride); equal to VALUES where they are not kept
    VALUES,  # work offset of the activations, (tile, stride)
    DELTAS,  # work offset of the gradients by z, (tile, stride)
    STRIDE,
    TRANSPOSED,  # work offset of the transposed weights (outputs, transposed stride), used on the way back
    TRANSPOSED_STRIDE,
    LOWER,  # work offset of the first layer's sums over the lower half of the pixels, where two threads share it
    COLUMNS,
) = range(16)

DENSE = 0

IDENTITY, SIGMOID, RELU, TANH, SOFTMAX = range(5)

DENSE_INPUT, INK_INPUT, PACKED_INPUT = range(3)
"""How training gets its images: dense, as ink with float32 values, or as ink with its levels left as bytes."""

FLOATS, LEVELS = range(2)
"""What dense images come as: float32, or unsigned bytes."""

CROSS_ENTROPY, SQUARED = range(2)

SGD, MOMENTUM, NESTEROV, ADAM = range(4)

SETTINGS = 8
"""Floats in the settings of one thread's steps; `pellucid.engine.optimizers` says what stands where."""

INK_STEP = 4
"""Entries at a time in the loops over ink; each half of a packed image is filled up to whole steps."""

ALIGNMENT = 16
"""Rows in the arena are padded to a multiple of this, so that lanes of any width fit."""

PARTED_BELOW = 64
"""Outputs of a first layer below which two threads share its pixels instead of the images or outputs."""

TILE = 128
"""Images worked on at a time: their activations stay in the cache."""


def padded(count: int) -> int:
    """``count`` rounded up to whole rows of lanes."""
    return -(-count // ALIGNMENT) * ALIGNMENT
