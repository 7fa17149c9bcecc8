"""The columns of a Winograd convolution: a head behind the program table's rows, then the passes.

`pellucid.programs.winograd` writes it, and `pellucid.engine.kernels.winograd` runs it.
"""

from __future__ import annotations

(
    POINTS,  # points per tile
    TAPS,  # kernel columns
    FILTERS,  # number of kernel lines: output channels times input channels times kernel height
    FILTER_STRIDE,  # the same, padded to whole vectors
    TRANSPOSED,  # work offset of the weights by column (TAPS, FILTER_STRIDE)
    READY,  # work offset of a flag: 1 if the weights are at points, 0 if plain sums are to be computed
    BIASES,  # work offset of a copy of the bias
    POINT_GRADIENT,  # work offset of the gradient by the weights at points (POINTS, FILTER_STRIDE)
    GRADIENT,  # work offset of the same by column (TAPS, FILTER_STRIDE)
    POINT_INPUT,  # work offset of the input at points
    POINT_OUTPUT,  # work offset of the sums, or the deltas, at points
    PRODUCTS,  # table offset of the layout for `weight_gradient`
    TRANSFORM_WEIGHTS,  # table offset of each pass: the number of its correlations, then one step for each
    FORWARD,
    TRANSFORM_DELTAS,
    TRANSFORM_GRADIENT,
    BACKWARD,
    HEAD,
) = range(18)

(
    LAYOUT,  # table offset of the layout of the correlation
    RESULT,  # work offsets of its results, bias, weights and input
    BIAS_AT,
    FACTOR,
    SOURCE,
    CLIPPED,  # whether results below 0 are set to 0
    STEP,
) = range(7)
