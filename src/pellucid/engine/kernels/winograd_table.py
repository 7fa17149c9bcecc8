"""How minimal filtering is described to the engine: a head behind the program table's rows, then lists of correlations.

`pellucid.programs.winograd` writes it and `pellucid.engine.kernels.winograd` runs it.
"""

from __future__ import annotations

(
    POINTS,  # of a tile
    TAPS,  # columns of a filter
    FILTERS,  # lines of all filters together: out channels, in channels, lines
    FILTER_STRIDE,  # the same filled up to whole vectors
    TURNED,  # work offset of the weights by column (TAPS, FILTER_STRIDE)
    READY,  # work offset of 1 where the weights are at points, 0 where plain sums are to be taken
    OFFSETS,  # work offset of a copy of the bias
    SLOPES,  # work offset of the gradient by weights at points (POINTS, FILTER_STRIDE)
    FOLDED,  # work offset of the same by column (TAPS, FILTER_STRIDE)
    SEEN,  # work offset of the input at points
    MADE,  # work offset of sums or deltas at points
    PRODUCTS,  # where the description for `weight_gradient` lies
    PREPARE,  # where each pass begins: the number of its correlations, then their steps
    FORWARD,
    TURN,
    FOLD,
    BACK,
    HEAD,
) = range(18)

(
    CODE,  # where the step's description lies
    INTO,  # work offsets of its results, bias, weights and input
    OFFSET,
    FACTOR,
    SOURCE,
    CLIPPED,  # whether what is below 0 becomes 0
    STEP,
) = range(7)
