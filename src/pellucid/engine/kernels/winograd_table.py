"""How minimal filtering is described to the engine: a head behind the program table's rows, then lists of correlations.

`pellucid.programs.winograd` writes it and `pellucid.engine.kernels.winograd` runs it.
"""

from __future__ import annotations

(
    POINTS,  # of a tile
    TAPS,  # columns of a filter
    FILTERS,  # lines of all filters together: out channels, in channels, lines
    FILTER_STRIDE,  # the same filled up to whole vectors
    TRANSPOSED,  # work offset of the weights by column (TAPS, FILTER_STRIDE)
    READY,  # work offset of 1 where the weights are at points, 0 where plain sums are to be taken
    BIASES,  # work offset of a copy of the bias
    POINT_GRADIENT,  # work offset of the gradient by weights at points (POINTS, FILTER_STRIDE)
    GRADIENT,  # work offset of the same by column (TAPS, FILTER_STRIDE)
    POINT_INPUT,  # work offset of the input at points
    POINT_OUTPUT,  # work offset of sums or deltas at points
    PRODUCTS,  # where the description for `weight_gradient` lies
    TRANSFORM_WEIGHTS,  # where each pass begins: the number of its correlations, then their steps
    FORWARD,
    TRANSFORM_DELTAS,
    TRANSFORM_GRADIENT,
    BACKWARD,
    HEAD,
) = range(18)

(
    LAYOUT,  # where the step's description lies
    RESULT,  # work offsets of its results, bias, weights and input
    BIAS_AT,
    FACTOR,
    SOURCE,
    CLIPPED,  # whether what is below 0 becomes 0
    STEP,
) = range(7)
