"""Maps of data at every layer of a network: two principal axes each, turned so that points move as little as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.programs.images import as_batch, to_unit

if TYPE_CHECKING:
    from pellucid.network.network import Network

Matrix = NDArray[np.float32]

NEIGHBOURS = 10
"""Nearest neighbours that are compared."""

EXACT = 64
"""Most dimensions whose covariance is diagonalised; with more, the two axes are found by iteration."""

_ITERATIONS, _SPARE = 12, 8

_ROUNDING = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, eq=False)
class LayerMap:
    """Examples at one layer, seen along two axes: ``points = (values - mean) @ axes``.

    Attributes
    ----------
    layer : int
        Index of the layer; -1 for the inputs.
    mean : ndarray (D,)
    axes : ndarray (D, 2)
        Two orthogonal axes that span the plane of the two principal components, divided by the spread of the points.
    points : ndarray (N, 2)
        Their mean is 0, and the mean of their squared distances from it is 1.
    variance : float
        The share of the variance of all D dimensions that the plane holds.
    """

    layer: int
    mean: Matrix
    axes: Matrix
    points: Matrix
    variance: float

    def place(self, values: ArrayLike) -> Matrix:
        """Return where values (..., D) of this layer lie on the map, (..., 2)."""
        placed: Matrix = ((np.asarray(values, np.float32) - self.mean) @ self.axes).astype(np.float32)
        return placed


def layer_values(net: Network, x: ArrayLike, *, inputs: Matrix | None = None) -> list[Matrix]:
    """Return the values of the inputs, from 0 to 1, and the activations of each layer, (N, D) each.

    Parameters
    ----------
    net : Network
    x : array_like (N, ...)
    inputs : ndarray (N, D), optional
        The values of the inputs, if they are known already, as from an earlier call.

    Raises
    ------
    ShapeError
        If ``x`` is a single input.

    Examples
    --------
    >>> import pellucid as pl
    >>> values = layer_values(pl.load("digits-relu"), pl.data.load("digits").test.images[:5])
    >>> [each.shape for each in values]
    [(5, 784), (5, 16), (5, 16), (5, 10)]
    """
    flat, single = as_batch(x, net.input_shape)
    if single:
        raise ShapeError(f"Expected a batch of inputs (N, ...), got one of shape {np.shape(x)}: add an axis.")
    trace = net.trace(x)
    unit = np.asarray(to_unit(flat, net.level_range), np.float32) if inputs is None else inputs
    return [unit, *(np.nan_to_num(layer.activations.reshape(len(unit), -1)) for layer in trace.layers)]


def layer_maps(
    values: Sequence[ArrayLike], before: Sequence[LayerMap] | None = None, *, first: LayerMap | None = None
) -> list[LayerMap]:
    """Return the map of each layer, such that motion from one to the next means something.

    Principal axes are arbitrary up to a turn and a reflection. Here the points of each layer are turned or reflected so
    that they come as near as possible to those of the layer before (orthogonal Procrustes). Distances, variance and
    neighbours stay what they were. The same values give the same maps.

    Parameters
    ----------
    values : sequence of array_like (N, D)
        The same examples at every layer, such as from `layer_values`.
    before : sequence of LayerMap, optional
        Maps of the same examples with earlier weights: each map is then turned towards that of its own layer.
    first : LayerMap, optional
        The map of the first of the values, if it is known already: that of the inputs stays the same during training.

    Returns
    -------
    list of LayerMap
        The first one has layer -1.

    Raises
    ------
    ShapeError
        If the layers have different numbers of examples, or fewer than three.
    ConfigurationError
        If ``before`` or ``first`` has other layers or examples.

    References
    ----------
    Schönemann, "A generalized solution of the orthogonal Procrustes problem", 1966.

    Examples
    --------
    >>> import pellucid as pl
    >>> net, test = pl.load("digits-sigmoid"), pl.data.load("digits").test
    >>> maps = layer_maps(layer_values(net, test.images))
    >>> 0.1 < maps[0].variance < 0.25                        # two axes hold little of the pixels
    True
    """
    arrays = [np.asarray(each, np.float32) for each in values]
    counts = {len(each) for each in arrays}
    if len(counts) != 1 or min(counts) < 3 or any(each.ndim != 2 for each in arrays):
        raise ShapeError("layer_maps expected arrays (N, D) of the same three or more examples, one for each layer.")
    if before is not None and [each.points.shape for each in before] != [(len(each), 2) for each in arrays]:
        raise ConfigurationError("layer_maps expected earlier maps of the same layers and examples, got others.")
    found: list[LayerMap] = [] if first is None else [first]
    if first is not None and (len(first.points), len(first.mean)) != arrays[0].shape:
        raise ConfigurationError("layer_maps expected the first map to be of the same examples, got one of others.")
    for at, layer in enumerate(arrays[len(found) :], len(found)):
        near = before[at].points if before is not None else (found[-1].points if found else None)
        found.append(_layer_map(at - 1, layer, near))
    return found


def _layer_map(layer: int, values: Matrix, near: Matrix | None) -> LayerMap:
    mean = values.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = values - mean
    axes = _principal_axes(centred)
    total = float(np.square(centred, dtype=np.float64).sum())
    points = centred @ axes
    held = float(np.square(points, dtype=np.float64).sum())
    turn = _signs(axes) if near is None else _turn(points, near)
    spread = np.sqrt(held / len(values)) if held > 0 else 1.0
    turned = (axes @ turn / spread).astype(np.float32)
    return LayerMap(layer, mean, turned, (centred @ turned).astype(np.float32), held / total if total > 0 else 1.0)


def _principal_axes(centred: Matrix) -> Matrix:
    """The two orthonormal directions of most variance, (D, 2); zeros beyond the dimensions there are."""
    size = centred.shape[1]
    if size <= EXACT:
        _, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
        found = vectors[:, ::-1][:, :2]
    else:
        basis = np.random.default_rng(0).normal(size=(size, _SPARE)).astype(np.float32)
        for _ in range(_ITERATIONS):
            basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
        _, _, rows = np.linalg.svd(centred @ basis, full_matrices=False)
        found = basis @ rows[:2].T
    axes = np.zeros((size, 2), np.float32)
    axes[:, : found.shape[1]] = found
    return axes


def _signs(axes: Matrix) -> Matrix:
    """Make the largest coefficient of each axis positive, so that the first map does not depend on the machine."""
    largest = axes[np.abs(axes).argmax(axis=0), range(2)]
    return np.diag(np.where(largest < 0, -1.0, 1.0)).astype(np.float32)


def _turn(points: Matrix, near: Matrix) -> Matrix:
    """The turn or reflection (2, 2) that brings points nearest to others."""
    left, _, right = np.linalg.svd(points.T.astype(np.float64) @ near)
    return np.asarray(left @ right, np.float32)


def nearest(
    values: ArrayLike, query: ArrayLike, count: int, *, sizes: Matrix | None = None
) -> tuple[NDArray[np.intp], Matrix]:
    """Return the rows of values (N, D) nearest to a query (D,), and their Euclidean distances, nearest first.

    Of rows that are equally far, the first ones are taken.

    Parameters
    ----------
    values : array_like (N, D)
    query : array_like (D,)
    count : int
    sizes : ndarray (N,), optional
        The squared norm of each of the values. With them, many values are searched in a fraction of the time;
        what is found is the same.

    Examples
    --------
    >>> rows, distances = nearest([[0.0, 0.0], [3.0, 4.0], [1.0, 0.0]], [0.0, 0.0], 2)
    >>> rows.tolist(), distances.tolist()
    ([0, 2], [0.0, 1.0])
    """
    array, wanted = np.asarray(values, np.float32), np.asarray(query, np.float32)
    some = np.arange(len(array)) if sizes is None else _candidates(array, wanted, count, sizes)
    away = array[some] - wanted
    squares = np.einsum("nd,nd->n", away, away)
    few = np.flatnonzero(squares <= _smallest(squares, count))
    order = few[np.lexsort((few, squares[few]))][:count]
    return some[order], np.sqrt(squares[order])


def squared_norms(values: Matrix) -> Matrix:
    """Return the squared Euclidean norm of each of the values (N, D), for `nearest`."""
    found: Matrix = np.einsum("nd,nd->n", values, values)
    return found


def _candidates(values: Matrix, query: Matrix, count: int, sizes: Matrix) -> NDArray[np.intp]:
    """Rows that may be among the nearest, by |v|² - 2 v·q; its rounding error is at most D eps (|v|² + |q|²)."""
    rough = sizes - 2 * (values @ query)
    error = values.shape[1] * _ROUNDING * float(sizes.max() + query @ query)
    return np.flatnonzero(rough <= _smallest(rough, count) + 2 * error)


def _smallest(values: Matrix, count: int) -> float:
    """The largest of the ``count`` smallest values."""
    place = min(count, len(values)) - 1
    return float(np.partition(values, place)[place])


def neighbours_kept(
    values: ArrayLike, points: ArrayLike, *, count: int = NEIGHBOURS, queries: int = 500, seed: int = 0
) -> float:
    """Return the share of true nearest neighbours that are among the nearest on a map.

    Parameters
    ----------
    values : array_like (N, D)
        Examples in the space of a layer.
    points : array_like (N, 2)
        The same examples on the map.
    count : int
        Nearest neighbours of each example, in both.
    queries : int
        Examples whose neighbours are compared, drawn from the seed; all where there are fewer.
    seed : int

    Raises
    ------
    ShapeError
        If there are not more examples than neighbours.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.arange(50.0)[:, None]
    >>> neighbours_kept(line, np.hstack([line, 0 * line]))
    1.0
    """
    real, shown = np.asarray(values, np.float32), np.asarray(points, np.float32)
    if len(real) != len(shown) or len(real) <= count or count < 1:
        raise ShapeError(f"Expected more than {count} examples, as many on the map, got {len(real)} and {len(shown)}.")
    chosen = np.random.default_rng(seed).permutation(len(real))[:queries]
    both = [_nearest_of(each, chosen, count) for each in (real, shown)]
    kept = sum(len(np.intersect1d(*pair)) for pair in zip(*both, strict=True))
    return kept / (count * len(chosen))


def _nearest_of(values: Matrix, chosen: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """The nearest other rows of each of some rows, (n, count)."""
    sizes = np.einsum("nd,nd->n", values, values)
    squares = sizes[None] - 2 * (values[chosen] @ values.T)
    squares[np.arange(len(chosen)), chosen] = np.inf
    return np.argpartition(squares, count - 1, axis=1)[:, :count]
