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
    LOWER,  # work offset of the first layer's sums over the lower half of the pixels, where two threads share them
    CHANNELS,  # planes out, and their sides; sums and activations lie (channels, height, width, group of images)
    HEIGHT,
    WIDTH,
    PLANE,  # distance between channels in VALUES, and between lines; SUMS lie alike
    LINE,
    DELTA_PLANE,  # distance between channels in DELTAS, between lines, and between neighbours
    DELTA_LINE,
    DELTA_STEP,
    WINDOW_Y,  # sides of a pool's window, and how far it moves
    WINDOW_X,
    STEP_Y,
    STEP_X,
    FORWARD,  # table offsets of a convolution's layouts behind the rows (see `pellucid.engine.kernels.conv2d`)
    BACKWARD,  # 0 unless the gradient by its input is needed
    WEIGHT_GRADIENT,
    # table offset of the convolution's minimal filtering (`pellucid.engine.kernels.winograd_table`), or 0
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
"""How training gets its images: dense, as sparse rows (CSR) of float32, or as sparse rows of bytes."""

FLOATS, LEVELS = range(2)
"""The elements of dense images: float32, or unsigned bytes."""

CROSS_ENTROPY, SQUARED = range(2)

SGD, MOMENTUM, NESTEROV, ADAM = range(4)

MOMENTS = 0, 1, 1, 2
"""Vectors of the parameters' shape that each of these update rules remembers from step to step."""

SETTINGS = 8
"""Floats in the settings of one thread's steps; `pellucid.engine.kernels.optimizers` says what stands where."""

SPARSE_STEP = 4
"""Entries at a time in the loops over sparse rows; each half of an image of bytes is padded to whole steps."""

ALIGNMENT = 16
"""Rows in the arena are padded to a multiple of this, so that lanes of any width fit."""

SPLIT_PIXELS_BELOW = 64
"""Outputs of a first layer below which two threads share its pixels instead of the images or outputs."""

TOGETHER_FROM = 32
"""Images of a mini-batch from which on the two also share what comes behind: each then needs the other's results."""

SORTED_FROM = 128
"""Outputs of a first layer from which on the entries of a tile are sorted by column for its gradient."""

TILE = 128
"""Images worked on at a time: their activations stay in the cache."""

ZEROS, ONES = 3 * TILE, 3 * TILE + 16
"""Places in the head of an arena for planes: 16 zeros, and 16 ones."""

SHARDS = 8
"""Largest number of parts that a mini-batch of planes is cut into; each part has a gradient of its own."""


def padded(count: int) -> int:
    """``count`` rounded up to whole rows of lanes."""
    return -(-count // ALIGNMENT) * ALIGNMENT
