"""A network is a function made of layers, over one flat vector of parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.layers.layer import Layer, Shape, Vector, features
from pellucid.network.prediction import Reading
from pellucid.programs.dense_plan import Plan, aligned, plan
from pellucid.programs.images import LevelRange, as_batch
from pellucid.programs.planes_plan import TilePlan, needs_tiles, tile_plan
from pellucid.programs.running import (
    Gradient,
    Quick,
    Trace,
    evaluate_lines,
    gradient_lines,
    quick_way,
    trace_lines,
)
from pellucid.system.fixed import Fixed

_MOST = 1 << 31  # parameters: 8 GiB of float32
_FEW = 100  # images for which the quick way is worth being prepared
_LARGEST = float(np.finfo(np.float32).max)


class Network(Fixed):
    """A network as a function.

    Parameters
    ----------
    layers : sequence of Layer
        First layer first. The network makes copies of its own, with views of its parameters.
    input_shape : tuple of int
        Shape of one input, such as (28, 28).
    seed : int
        Draws the initial parameters: same seed, same bits.
    level_range : (float, float), optional
        The levels of an input that mean paper and full ink, such as (0, 9). By default told from the type: 0 to 255
        for integers, 0 to 1 for floats.
    classes : sequence of str, optional
        Names of the outputs; by default "0", "1", ...
    draw : bool
        Whether the initial parameters are drawn; otherwise they are 0, for who has others to put there.

    Attributes
    ----------
    parameters : ndarray (parameter_count,)
        Every weight and bias, float32, in one vector: write to it and the network changes. A vector assigned to it is
        checked and copied.
    parameter_count : int
        How many weights and biases there are.
    layers : tuple of Layer
        With their parameters as named views. Layers, shapes and levels stay as they are once the network is made.
    record : dict
        What is known of the training, kept in files.

    Raises
    ------
    ShapeError, ConfigurationError
        For layers that do not fit each other, no layers at all, or options that mean nothing.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> net = pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")],
    ...                  input_shape=(28, 28), seed=0)
    >>> net.parameter_count
    13002
    >>> net(np.zeros((28, 28))).shape
    (10,)
    >>> net.layers[0].weight[3, 120] = 0.7
    """

    _fixed = frozenset({"input_shape", "output_shape", "level_range", "parameter_count", "layers", "plan"})

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        input_shape: Sequence[int] = (28, 28),
        seed: int = 0,
        level_range: LevelRange | None = None,
        classes: Sequence[str] | None = None,
        draw: bool = True,
    ) -> None:
        self.input_shape = _checked_shape(input_shape)
        if not isinstance(layers, list | tuple) or not layers:
            raise ConfigurationError(f"Network expected a list of layers such as [pl.Dense(16)], got {layers!r}.")
        layers = [_checked_layer(layer) for layer in layers]
        count, shape = _measured(layers, self.input_shape)
        if count > _MOST:
            raise ShapeError(f"Network expected at most {_MOST:,} parameters, got {count:,}: use smaller layers.")
        self.output_shape = shape
        self.seed = seed
        self.level_range = _checked_range(level_range)
        self.classes = classes
        self.record: dict[str, Any] = {}
        self.parameter_count = count
        self._parameters: Vector = aligned(count)
        self.layers: tuple[Layer, ...] = tuple(self._attached(layers))
        self._compose()
        if draw:
            self.reset(seed)

    def __new__(cls, layers: Any = (), *, input_shape: Any = (), **options: Any) -> Self:
        """A network of sequences, where that is what goes in."""
        if cls is Network and isinstance(input_shape, list | tuple) and input_shape[:1] in ((None,), [None]):
            from pellucid.network.sequences import SequenceNetwork

            return cast("Self", object.__new__(SequenceNetwork))
        return object.__new__(cls)

    def _compose(self) -> None:
        """Write the program."""
        tiled = needs_tiles(self.layers)
        self.plan: Plan | TilePlan = (tile_plan if tiled else plan)(self.layers, self.input_shape)
        self._arenas: list[Vector] = []  # for whoever reads next: new memory is slow to be written to
        self._quick: Quick | None = None
        self._open_plan: TilePlan | None = None

    def _attached(self, layers: Sequence[Layer]) -> list[Layer]:
        shape, begin, attached = self.input_shape, 0, []
        for layer in layers:
            end = begin + layer.parameter_count(shape)
            attached.append(layer.attach(shape, self._parameters[begin:end]))
            begin, shape = end, layer.output_shape(shape)
        return attached

    @property
    def parameters(self) -> Vector:
        """Every weight and bias, float32, in one vector (parameter_count,)."""
        return self._parameters

    @parameters.setter
    def parameters(self, value: ArrayLike) -> None:
        vector = checked_vector("parameters", value, self.parameter_count)
        if not self._parameters.flags.writeable:
            raise ConfigurationError(
                "The network's parameters are read-only: make them writeable, or copy the network."
            )
        self._parameters.reshape(-1)[...] = vector

    @property
    def seed(self) -> int:
        """Draws the initial parameters."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = _checked_seed(seed)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return self._classes

    @classes.setter
    def classes(self, classes: Sequence[str] | None) -> None:
        self._classes = _checked_classes(classes, self.output_shape[-1])

    @property
    def open_plan(self) -> TilePlan:
        """The plan that keeps everything on the way, to be looked at."""
        if self._open_plan is None:
            self._open_plan = tile_plan(self.layers, self.input_shape, open_to_view=True)
        return self._open_plan

    def reset(self, seed: int | None = None) -> None:
        """Draw the parameters anew: from ``seed``, else from the network's own, which gives the same start again."""
        rng = np.random.default_rng(self.seed if seed is None else seed)
        for layer in self.layers:
            layer.initialize(rng)

    def copy(self) -> Self:
        """A network with the same layers and the same parameters, sharing nothing with this one."""
        twin = type(self)(
            self.layers,
            input_shape=self.input_shape,
            seed=self.seed,
            level_range=self.level_range,
            classes=self.classes,
            draw=False,
        )
        twin.parameters[...] = self.parameters
        twin.record = dict(self.record)
        return twin

    def __call__(self, x: ArrayLike) -> NDArray[np.float32]:
        """The whole network as a function.

        Parameters
        ----------
        x : array_like
            One input of ``input_shape`` or laid out in a line (D,), or a batch (N, ...) of either; numbers of any type
            within the level range.

        Returns
        -------
        ndarray
            (K,) for one input, (N, K) for a batch, float32.

        Raises
        ------
        ShapeError, DataError
            For another shape, for something that is not numbers, and for NaN or infinity among them.
        """
        quick = self._quick
        if quick is not None:
            answer = quick.make()
            if quick.glance(x, answer):
                return answer
            if isinstance(x, np.ndarray) and x.ndim == len(self.input_shape) + 1 and len(x) <= quick.most:
                answer = np.empty((len(x), *self.output_shape), np.float32)
                if quick.glance(x, answer):
                    return answer
        lines, single = as_batch(x, self.input_shape)
        if quick is None and len(lines) < _FEW:
            self._quick = quick_way(self)
        outputs = evaluate_lines(self, lines)
        return outputs.reshape(self.output_shape if single else (len(lines), *self.output_shape))

    def read(self, x: ArrayLike) -> Reading:
        """One input, with the best guess and the runner-up by name."""
        outputs = self(x)
        if outputs.ndim != 1:
            raise ShapeError(f"read expected one input of shape {self.input_shape}, got {np.shape(x)}.")
        return Reading(outputs, self.classes)

    def trace(self, x: ArrayLike) -> Trace:
        """Every layer's inputs, weighted sums and activations for one input or a batch; see `Trace`."""
        lines, single = as_batch(x, self.input_shape)
        return trace_lines(self, lines, single)

    def gradient(self, x: ArrayLike, labels: ArrayLike, loss: str = "cross_entropy") -> Gradient:
        """The mean loss, and its gradient by every parameter and every input; see `Gradient`.

        Parameters
        ----------
        x : array_like
            One input or a batch of N.
        labels : array_like
            The wanted class, or the N wanted classes.
        loss : str
            "cross_entropy" or "squared".
        """
        lines, _ = as_batch(x, self.input_shape)
        return gradient_lines(self, lines, np.atleast_1d(np.asarray(labels)), loss)

    def summary(self) -> str:
        """Layers, shapes, equations and parameter counts, as text."""
        lines = [("input", "", _times(self.input_shape), "")]
        shape = self.input_shape
        for layer in self.layers:
            count = layer.parameter_count(shape)
            shape = layer.output_shape(shape)
            lines.append((layer.kind, layer.describe(), _times(shape), f"{count:,}"))
        lines.append(("total", "", "", f"{self.parameter_count:,}"))
        widths = [max(len(line[column]) for line in lines) for column in range(4)]
        rows = [
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip() for a, b, c, d in lines
        ]
        return "\n".join(rows)

    def configuration(self) -> dict[str, Any]:
        """All that makes the network again but its parameters, as plain data."""
        return {
            "input_shape": list(self.input_shape),
            "layers": [{"kind": layer.kind, **layer.configuration()} for layer in self.layers],
            "seed": self.seed,
            "level_range": None if self.level_range is None else list(self.level_range),
            "classes": list(self.classes),
        }

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any], *, draw: bool = True) -> Self:
        """A network of that configuration, with the parameters that its seed draws, or all 0."""
        level_range = configuration.get("level_range")
        return cls(
            layers_of(configuration),
            input_shape=configuration["input_shape"],
            seed=configuration.get("seed", 0),
            level_range=None if level_range is None else tuple(level_range),
            classes=configuration.get("classes"),
            draw=draw,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and deep-copied as configuration, parameters and record: views and buffers are made anew."""
        return _restored, (type(self), self.configuration(), self.parameters.copy(), dict(self.record))

    def __repr__(self) -> str:
        sizes = "-".join(str(size) for size in [features(self.input_shape), *(self._sizes())])
        return f"<Network {sizes}: {self.parameter_count:,} parameters>"

    def _sizes(self) -> list[int]:
        shape, sizes = self.input_shape, []
        for layer in self.layers:
            shape = layer.output_shape(shape)
            sizes.append(features(shape))
        return sizes


def layers_of(configuration: Mapping[str, Any]) -> list[Layer]:
    """The layers that `Network.configuration` described."""
    from pellucid.layers import LAYERS

    described = [dict(layer) for layer in configuration["layers"]]
    return [LAYERS[layer.pop("kind")](**layer) for layer in described]


def described_size(configuration: Mapping[str, Any]) -> int:
    """How many parameters the described network has; takes no memory for them."""
    return _measured(layers_of(configuration), _checked_shape(configuration["input_shape"]))[0]


def _measured(layers: Sequence[Layer], shape: Shape) -> tuple[int, Shape]:
    """Parameters of the layers one after another, and the shape of what comes out."""
    count = 0
    for layer in layers:
        count += layer.parameter_count(shape)
        shape = layer.output_shape(shape)
    return count, shape


def _checked_layer(layer: Layer) -> Layer:
    """The layer made anew from its configuration, which checks what may have been changed since it was made."""
    if not isinstance(layer, Layer):
        raise ConfigurationError(f"Network expected layers such as pl.Dense(16), got {layer!r}.")
    return type(layer)(**layer.configuration())


def checked_vector(name: str, value: ArrayLike, count: int) -> Vector:
    """As many numbers as a network has parameters, as finite float32 (count,)."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ShapeError(f"{name} expected {count:,} numbers in one vector, got a ragged nest.") from None
    if array.dtype.kind not in "buif" or array.shape != (count,):
        raise ShapeError(f"{name} expected {count:,} numbers in one vector, got {array.dtype} {array.shape}.")
    with np.errstate(over="ignore"):
        vector: Vector = array.astype(np.float32, copy=False)
    if not np.isfinite(vector).all():
        raise DataError(f"{name} expected finite float32 numbers, got NaN, infinity or numbers too large.")
    return vector


def _restored(
    kind: type[Network], configuration: Mapping[str, Any], parameters: Vector, record: dict[str, Any]
) -> Network:
    net = kind.from_configuration(configuration, draw=False)
    net.parameters[...] = parameters
    net.record = record
    return net


def _times(shape: Shape) -> str:
    return "x".join("T" if side is None else str(side) for side in shape)


def _checked_shape(shape: Sequence[int]) -> Shape:
    if isinstance(shape, list | tuple) and len(shape) == 2 and shape[0] is None:
        return cast("Shape", (None, *_checked_shape(shape[1:])))
    if not isinstance(shape, list | tuple) or not all(isinstance(side, int | np.integer) for side in shape):
        raise ShapeError(
            f"Network expected input_shape such as (28, 28), or (None, 20) for sequences of frames, got {shape!r}."
        )
    checked = tuple(int(side) for side in shape)
    if not checked or min(checked) < 1 or math.prod(checked) > 1 << 24:
        raise ShapeError(f"Network expected an input_shape of 1 to {1 << 24:,} inputs, got {shape!r}.")
    return checked


def _checked_seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ConfigurationError(f"Network expected seed to be an integer of at least 0, got {seed!r}.")
    return int(seed)


def _checked_range(level_range: LevelRange | None) -> LevelRange | None:
    if level_range is None:
        return None
    try:
        low, high = (float(level) for level in level_range)
    except (TypeError, ValueError):
        low = high = math.nan
    # The levels and their span have to be float32, which is what the engine computes in.
    if isinstance(level_range, str) or not (low < high and max(abs(low), abs(high), high - low) < _LARGEST):
        raise ConfigurationError(f"Network expected level_range (low, high) with low < high, got {level_range!r}.")
    return low, high


def _checked_classes(classes: Sequence[str] | None, count: int) -> tuple[str, ...]:
    given = range(count) if classes is None else classes
    names = tuple(map(str, given)) if isinstance(given, Iterable) else ()
    if len(names) != count or len(set(names)) != count:
        raise ConfigurationError(f"Network expected {count} different class names, one an output, got {classes!r}.")
    return names
