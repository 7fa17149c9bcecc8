"""The program table of sequence networks: a head, then one row of integers a layer.

A group of sequences goes through the network together. Their frames are rows of one matrix, ordered by time: first
every sequence's frame 0, then every frame 1, and so on, the longest sequence first, so that the frames of one moment
lie side by side and nothing is padded. Offsets count float32 elements, as in `pellucid.engine.programs.table`.
"""

from __future__ import annotations

(
    ROWS,  # frames of one group that the arena has room for
    GROUP,  # sequences of one group that it has room for
    LONGEST,  # frames of one sequence
    STATES,  # states of one alignment, padded: twice the labels of a sequence and one
    FRAMES,  # work offset of the group's frames, (rows, stride of the first layer's source)
    TOP,  # work offset of softmax's maximum of each row
    MASS,  # work offset of softmax's sum of each row
    LOSS,  # work offset of the loss of each sequence
    ALIGNMENT_WORK,  # work offset of what CTC keeps of one sequence
    REDUCED,  # whether the outputs are one row a sequence, else one a frame
    CLASSES,  # outputs of the last layer
    FEATURES,  # inputs of a frame
    INTEGERS,  # int64 that a group needs for its places in time and its alignment
    SIZE,  # float32 in the arena
) = range(14)

(
    OPERATION,  # DENSE, LSTM, LAST or MEAN
    INPUTS,
    OUTPUTS,
    ACTIVATION,
    WEIGHT,  # parameter offset of all the layer's parameters
    BIAS,  # parameter offset, dense layers only
    SOURCE,  # work offset of the inputs, (rows, source stride)
    SOURCE_STRIDE,
    SOURCE_SLOPES,  # work offset of the gradient by the inputs, of the same shape; -1 where nobody asks
    SUMS,  # dense layers: work offset of the weighted sums, (rows, stride)
    VALUES,  # work offset of the outputs, (rows, stride)
    SLOPES,  # work offset of the gradient by the outputs, (rows, stride)
    STRIDE,
    ONE_EACH,  # whether the inputs are one row a sequence
    TURNED,  # work offset of weights transposed for the way back
    TURNED_STRIDE,
    HIDDEN,  # LSTM: hidden units of one direction
    UNITS,  # the same, padded
    DIRECTIONS,
    PACKED,  # work offset of the packed parameters of one direction, then the other's
    PACKED_SIZE,
    PACKED_SLOPES,  # work offset of their gradients
    GATES,  # work offset of the gates in panels, on the way back of the gradients by their sums; direction by direction
    BEFORE,  # work offset of the hidden values one frame earlier, and at the end of the last ones, likewise
    CELLS,  # the same of the cells
    BENT,  # work offset of tanh of the cells
    CARRY,  # work offset of the gradients that travel through time: by h, then by c, (group, units) each
    COLUMNS,
) = range(28)

DENSE, LSTM, LAST, MEAN = range(4)

CTC = 2
"""The loss over alignments, beside CROSS_ENTROPY of `pellucid.engine.programs.table`."""

GATES_EACH = 4
"""The gates of a unit: input, forget, candidate and output."""

BATCH_GROUP = 16
"""Sequences of one group in training, once a mini-batch has enough for two such groups."""

BLOCK = 4096
"""Parameters whose gradients are added up, and squared, at a time."""


def groups_of(sequences: int) -> int:
    """Into how many groups a mini-batch is cut; it depends on nothing else, so neither do the bits."""
    if sequences < 8:
        return 1
    return 2 if sequences < 2 * BATCH_GROUP else (sequences + BATCH_GROUP - 1) // BATCH_GROUP


def most_in_a_group(batch: int) -> int:
    """Sequences of the largest group that any mini-batch of up to ``batch`` sequences is cut into.

    A small mini-batch may have larger groups than a full one: 7 sequences stay together, 8 are cut in two. From
    2 BATCH_GROUP on no group is larger than BATCH_GROUP.
    """
    return max(-(-count // groups_of(count)) for count in range(1, min(batch, 2 * BATCH_GROUP) + 1))
