"""The program table of sequence networks: a header, then one row of integers per layer.

The sequences of a group are processed together. Their frames are the rows of one matrix, ordered by time: frame 0 of
every sequence, then frame 1 of every sequence, and so on, the longest sequence first. The frames of one time step are
thus consecutive rows, and nothing is padded. Offsets count float32 elements, as in `pellucid.engine.programs.table`.
"""

from __future__ import annotations

from typing import NamedTuple

(
    ROWS,  # capacity: frames in a group
    GROUP,  # capacity: sequences in a group
    LONGEST,  # capacity: frames in a sequence
    STATES,  # capacity: states of an alignment, 2 L + 1 for L labels, padded
    FRAMES,  # work offset of the group's frames, (rows, stride of the first layer's source)
    MAXIMA,  # work offset of softmax's maximum over each row
    TOTALS,  # work offset of softmax's sum over each row
    LOSS,  # work offset of the loss of each sequence
    ALIGNMENT_WORK,  # work offset of CTC's scratch for one sequence
    REDUCED,  # whether the outputs are one row per sequence instead of one per frame
    CLASSES,  # outputs of the last layer
    FEATURES,  # inputs of a frame
    INTEGERS,  # int64 that a group needs
    SIZE,  # float32 in the arena
) = range(14)

(
    OPERATION,  # DENSE, LSTM, GRU, RNN, LAST or MEAN
    INPUTS,
    OUTPUTS,
    ACTIVATION,
    WEIGHT,  # parameter offset of all the layer's parameters
    BIAS,  # parameter offset, dense layers only
    SOURCE,  # work offset of the inputs, (rows, source stride)
    SOURCE_STRIDE,
    SOURCE_GRADIENTS,  # work offset of the gradient by the inputs, same shape; -1 if it is not computed
    SUMS,  # dense layers: work offset of the weighted sums, (rows, stride)
    VALUES,  # work offset of the outputs, (rows, stride)
    GRADIENTS,  # work offset of the gradient by the outputs, (rows, stride)
    STRIDE,
    PER_SEQUENCE,  # whether the inputs are one row per sequence
    TRANSPOSED,  # work offset of the weights transposed for the backward pass
    TRANSPOSED_STRIDE,
    HIDDEN,  # recurrent layers: hidden units per direction
    UNITS,  # the same, padded
    DIRECTIONS,
    PACKED,  # work offset of the packed parameters, one direction after the other
    PACKED_SIZE,
    PACKED_GRADIENTS,  # work offset of their gradients
    GATES,  # work offset of the gates, by direction; in the backward pass the gradients by their sums
    PREVIOUS_HIDDEN,  # work offset of h one frame earlier (rows, U), then the final h (group, U), by direction
    PREVIOUS_CELLS,  # LSTM: the same for c; otherwise -1
    TANH_CELLS,  # LSTM: work offset of tanh c
    STATE_GRADIENTS,  # work offset of the gradients passed back through time: by h, then by any c, (group, U) each
    COLUMNS,
) = range(28)

DENSE, LSTM, GRU, RNN, LAST, MEAN = range(6)

CTC, FRAME_CROSS_ENTROPY = 2, 3
"""The CTC loss, and the mean cross-entropy over a sequence's frames, besides CROSS_ENTROPY, that of a sequence, of
`pellucid.engine.programs.table`."""


class CellShape(NamedTuple):
    """The sums of one unit: the ``slots`` stored for a frame, and the ``products`` weights per input or hidden unit."""

    slots: int
    products: int


SHAPES = {LSTM: CellShape(4, 4), GRU: CellShape(4, 3), RNN: CellShape(1, 1)}
"""An LSTM has four gates. A GRU has two, and two parts of its candidate, which inputs and hidden units reach apart."""

GROUP_SIZE = 16
"""Sequences per group in training, for mini-batches of at least two such groups."""

BLOCK = 4096
"""Parameters whose gradients are added and squared at a time."""


def group_count(sequences: int) -> int:
    """The number of groups of a mini-batch. It depends on the size alone, and so do the rounding errors."""
    if sequences < 8:
        return 1
    return 2 if sequences < 2 * GROUP_SIZE else (sequences + GROUP_SIZE - 1) // GROUP_SIZE


def largest_group(batch: int) -> int:
    """Sequences of the largest group of any mini-batch of up to ``batch`` sequences.

    A small mini-batch may have larger groups than a full one: 7 sequences form one group, 8 form two. From
    2 GROUP_SIZE on no group is larger than GROUP_SIZE.
    """
    return max(-(-count // group_count(count)) for count in range(1, min(batch, 2 * GROUP_SIZE) + 1))
