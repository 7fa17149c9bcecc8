"""The program table: one row of integers per layer, which is all that the engine knows of a network.

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
    TRANSPOSED,  # work offset of the transposed weights (outputs, transposed stride) for the backward pass
    TRANSPOSED_STRIDE,
    LOWER,  # work offset of the first layer's sums over the lower half of the pixels, where two threads share them
    CHANNELS,  # output planes, and their sides; sums and activations are (channels, height, width, group of images)
    HEIGHT,
    WIDTH,
    PLANE,  # distance between channels in VALUES, and between lines; the same in SUMS
    LINE,
    DELTA_PLANE,  # distance between channels in DELTAS, between lines, and between neighbours
    DELTA_LINE,
    DELTA_STEP,
    WINDOW_Y,  # sides and strides of a pool's window
    WINDOW_X,
    STEP_Y,
    STEP_X,
    FORWARD,  # table offsets of a convolution's layouts behind the rows (see `pellucid.engine.kernels.conv2d`)
    BACKWARD,  # 0 unless the gradient by its input is needed
    WEIGHT_GRADIENT,
    # table offset of the Winograd convolution (`pellucid.engine.kernels.winograd_table`), or 0
    WINOGRAD,
    BOUNDS,  # work offset of the bounds of the nonzero inputs, if the images are laid out as planes; else 0
    CHANCE,  # probability that an activation is dropped, in units of 2**-32
    SALT,  # which dropout layer this is
    # work offset of a tile's sparse inputs by columns (`pellucid.engine.kernels.sparse_columns`); 0 unless the
    # first layer is wide
    SORTED,
    COLUMNS,
) = range(36)

DENSE, INPUT_ROWS, INPUT_PLANES, CONV2D, MAX_POOL, AVG_POOL, FLATTEN, DROPOUT = range(8)

IDENTITY, SIGMOID, RELU, TANH, SOFTMAX = range(5)

DENSE_INPUT, SPARSE_INPUT, SPARSE_BYTES_INPUT = range(3)
"""The formats of images for training: dense, sparse rows (CSR) of float32, or sparse rows of bytes."""

READING, TRAINING = range(2)
"""The modes of a forward pass: dropout is off, or on."""

FLOATS, LEVELS = range(2)
"""The elements of dense images: float32, or unsigned bytes."""

CROSS_ENTROPY, SQUARED, MEAN_SQUARED, MEAN_ABSOLUTE, HUBER, BINARY_CROSS_ENTROPY, SOFT_CROSS_ENTROPY, LINEAR = range(8)
FIRST_OF_VALUES = MEAN_SQUARED
"""This loss and those after it compare the outputs with target values; those before it, with a target class."""

WEIGHTED = 16
"""Added to a loss whose examples have weights."""


SGD, MOMENTUM, NESTEROV, ADAM, RMSPROP = range(5)

MOMENTS = 0, 1, 1, 2, 1
"""Number of vectors, shaped as the parameters, that each update rule keeps between steps."""

RATES = 3
"""Numbers per step: learning rate, scale of the second moment, and the share of each parameter that decays."""

SETTINGS = 8
"""Floats in the settings of a group of parameters."""

RATE, DECAY, MOMENTUM_FACTOR, SECOND_FACTOR, EPSILON, SECOND_SCALE, SHRINK = range(7)
"""Indices into the settings of a step: learning rate (Adam: over 1 - beta1**t), L2 decay, momentum or beta1, beta2,
epsilon, 1 / sqrt(1 - beta2**t), and the share of each parameter that decays apart from the gradient."""

SPARSE_STEP = 4
"""Entries per step of the loops over sparse rows; each half of an image of bytes is padded to whole steps."""

ALIGNMENT = 16
"""Rows in the arena are padded to a multiple of this, so that lanes of any width fit."""

SPLIT_PIXELS_BELOW = 64
"""Two threads split the pixels of a first layer with fewer outputs than this, instead of the images or outputs."""

TOGETHER_FROM = 32
"""Two threads also share the layers behind it from this mini-batch size on: each then needs the other's results."""

SORTED_FROM = 128
"""The entries of a tile are sorted by column for the gradient of a first layer with at least this many outputs."""

TILE = 128
"""Images processed at a time: their activations stay in the cache."""

ZEROS, ONES = 3 * TILE, 3 * TILE + 16
"""Offsets in the head of an arena for planes: 16 zeros, and 16 ones."""

SHARDS = 8
"""Largest number of parts that a mini-batch of planes is cut into; each part has a gradient of its own."""


def padded(count: int) -> int:
    """``count`` rounded up to whole rows of lanes."""
    return -(-count // ALIGNMENT) * ALIGNMENT
