"""Networks: functions made of layers, over one flat vector of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

import numpy as np
from numpy.typing import ArrayLike

from pellucid.data.frames import is_frame, rows_of_frame
from pellucid.errors import ConfigurationError, ShapeError
from pellucid.layers.layer import Layer, Shape, Vector, features
from pellucid.network.configuration import (
    checked_classes,
    checked_count,
    checked_layer,
    checked_range,
    checked_shape,
    checked_vector,
    default_names,
    layers_of,
    listed,
    take_parameters,
)
from pellucid.network.prediction import Reading
from pellucid.programs.choice import program_for
from pellucid.programs.fast_path import FastPath
from pellucid.programs.images import LevelRange
from pellucid.programs.interface import Gradient, Program
from pellucid.programs.traces import Trace
from pellucid.reports.live import Live
from pellucid.system.arguments import as_integer
from pellucid.system.fixed import Fixed
from pellucid.system.interrupts import run_aside
from pellucid.system.memory import aligned

if TYPE_CHECKING:
    from pellucid.network.stream import Stream
    from pellucid.programs.sequences import SequencesProgram

T = TypeVar("T")

_LONG = 100_000_000  # products that take about 0.1 s with their gradients
_FEW = 100  # inputs from which preparing the fast path saves time


class Network(Fixed, Live):
    """A network as a function.

    Parameters
    ----------
    layers : sequence of Layer
        First layer first. The network copies them; the copies have views of its parameters.
    input_shape : tuple of int
        Shape of one input, such as (28, 28), or (None, D) for sequences of frames with D numbers each.
    seed : int
        Seed of the initial parameters. The same seed gives the same bits.
    level_range : (float, float), optional
        The levels of an input that mean 0 and 1, such as (0, 9): of pictures, paper and full ink. By default that of
        the data that the network is first trained on; until then 0 to 255 for integers, and 0 to 1 for floats.
    classes : sequence of str, optional
        Names of the outputs; by default those of the data that the network is first trained on, and until then "0",
        "1", ...
    draw : bool
        Whether the initial parameters are drawn; otherwise they are 0, to be filled in.

    Attributes
    ----------
    parameters : ndarray (parameter_count,)
        Every weight and bias, float32, in one vector: write to it and the network changes. A vector assigned to it is
        checked and copied.
    parameter_count : int
        Number of weights and biases.
    layers : tuple of Layer
        The layers, with their parameters as named views. Layers, shapes and levels of a network cannot be changed.
    record : dict
        A record of the training, saved in files.

    Raises
    ------
    ShapeError, ConfigurationError
        For layers that do not fit each other, no layers at all, or invalid options.

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

    A network of sequences takes one, a list of them, or a padded batch with lengths:

    >>> net = pl.Network([pl.LSTM(4, bidirectional=True), pl.Dense(3, "softmax")], input_shape=(None, 2))
    >>> net
    <Network 2-8-3: 251 parameters>
    >>> net(np.zeros((7, 2))).shape
    (7, 3)
    >>> [answer.shape for answer in net([np.zeros((7, 2)), np.zeros((4, 2))])]
    [(7, 3), (4, 3)]
    >>> net(np.zeros((2, 7, 2)), lengths=[7, 4]).shape
    (2, 7, 3)
    """

    _fixed = frozenset({"input_shape", "output_shape", "level_range", "parameter_count", "layers", "program"})

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
        self.input_shape = checked_shape(input_shape)
        if not isinstance(layers, list | tuple) or not layers:
            raise ConfigurationError(f"Network expected a list of layers such as [pl.Dense(16)], got {layers!r}.")
        given, layers = layers, [checked_layer(layer) for layer in layers]
        self.parameter_count, self.output_shape = checked_count(layers, self.input_shape)
        self.seed = seed
        self.level_range = checked_range(level_range)
        self.classes = classes
        self.record: dict[str, Any] = {}
        self._parameters: Vector = aligned(self.parameter_count)
        self.layers: tuple[Layer, ...] = tuple(self._attached(layers))
        self.program: Program[Any] = program_for(self.layers, self.input_shape, self._parameters, self.level_range)
        self._fast_path: FastPath | None = None
        if draw:
            self.reset(seed)
            for number, (mine, other) in enumerate(zip(self.layers, given, strict=True)):
                take_parameters(number, mine, other)

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
        """Seed of the initial parameters."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = as_integer("seed", seed, 0)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return self._classes

    @classes.setter
    def classes(self, classes: Sequence[str] | None) -> None:
        self._classes = checked_classes(classes, self.output_shape[-1])

    def adopt(self, level_range: LevelRange, classes: Sequence[str]) -> None:
        """Take over what training data declare: levels and names of classes that the network does not have yet.

        Parameters
        ----------
        level_range : (float, float)
            The numbers that mean 0 and 1.
        classes : sequence of str
            Names of the first outputs, or of all.

        Raises
        ------
        ConfigurationError
            If the network has others.
        """
        self.adopt_classes(classes)
        if self.level_range is None:
            for each in (self, self.program):
                vars(each)["level_range"] = level_range
            self._fast_path = None
        elif self.level_range != level_range:
            raise ConfigurationError(
                "The network takes levels from {:g} to {:g}; those of the data are {:g} to {:g}: pass the same "
                "level_range to both, or scale the data.".format(*self.level_range, *level_range)
            )

    def adopt_classes(self, classes: Sequence[str]) -> None:
        """Take over the names of classes that training data declare, or raise, as in `adopt`."""
        if len(classes) > len(self.classes) or tuple(classes) == default_names(len(classes)):
            return
        if self.classes == default_names(len(self.classes)) and len(classes) == len(self.classes):
            self.classes = classes
        elif self.classes[: len(classes)] != tuple(classes):
            raise ConfigurationError(
                f"The network's classes are {listed(self.classes)}; those of the data are {listed(classes)}: use the "
                "same names, or leave them out of one."
            )

    def reset(self, seed: int | None = None) -> None:
        """Draw the parameters again, from ``seed``, or from the network's own seed, which restores the initial ones."""
        rng = np.random.default_rng(self.seed if seed is None else as_integer("seed", seed, 0))
        for layer in self.layers:
            layer.initialize(rng)

    def copy(self) -> Self:
        """An independent network with the same layers and parameters."""
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

    def __len__(self) -> int:
        """Number of layers."""
        return len(self.layers)

    @overload
    def __getitem__(self, index: int) -> Layer: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Layer | Self:
        """A layer; or, for a slice, a part of the network: a new network with copies of these layers' parameters.

        The first part takes the inputs of the network; a later one takes activations, as they are.

        Raises
        ------
        ConfigurationError
            For a slice without layers, or with a step other than 1.

        Examples
        --------
        >>> import pellucid as pl
        >>> net = pl.Network([pl.Dense(16, "relu"), pl.Dense(8, "relu"), pl.Dense(3, "softmax")], input_shape=(4,))
        >>> body, head = net[:2], net[2:]
        >>> image = [0.1, 0.2, 0.3, 0.4]
        >>> body(image).shape, bool(abs(head(body(image)) - net(image)).max() < 1e-6)
        ((8,), True)
        """
        if not isinstance(index, slice):
            return self.layers[index]
        begin, past, step = index.indices(len(self.layers))
        if step != 1 or begin >= past:
            raise ConfigurationError(f"A part of a network expected one or more layers in a row, got [{index}].")
        before = list(self._with_shapes(past))
        as_they_are = None if self.program.takes_sequences else (0.0, 1.0)
        part = type(self)(
            self.layers[begin:past],
            input_shape=before[begin][1],
            seed=self.seed,
            level_range=as_they_are if begin else self.level_range,
            classes=self.classes if past == len(self.layers) else None,
            draw=False,
        )
        first = sum(layer.parameter_count(shape) for layer, shape in before[:begin])
        part.parameters[...] = self.parameters[first : first + part.parameter_count]
        return part

    def _with_shapes(self, count: int) -> Iterator[tuple[Layer, Shape]]:
        """The first ``count`` layers, each with the shape of its input."""
        shape = self.input_shape
        for layer in self.layers[:count]:
            yield layer, shape
            shape = layer.output_shape(shape)

    def __call__(self, x: Any, lengths: ArrayLike | None = None) -> Any:
        """Return the network's outputs for inputs.

        Parameters
        ----------
        x : array_like
            Images: one of ``input_shape`` or flat (D,), or a batch (N, ...) of either; numbers of any type within the
            level range, also tensors of other libraries in the processor's memory. A frame of pandas or polars: its
            columns are matched by name with the features that the network was trained on, and standardised as those
            were. Sequences: one (T, D), a list of them, or a padded batch (N, T, D).
        lengths : array_like of int, optional
            The number of frames of each sequence in a padded batch, (N,); by default all.

        Returns
        -------
        ndarray, or list of ndarray
            float32. For one image (K,), for a batch (N, K). For one sequence (T, K), or (K,) if the network has one
            output per sequence; for a list, a list of those; for a padded batch (N, T, K), with zeros in the padding,
            or (N, K).

        Raises
        ------
        ShapeError, DataError
            For another shape, for inputs that are not numbers, and for NaN or infinity among them.
        """
        fast = self._fast_path
        if fast is not None:
            answer = fast.make()
            if fast.call(x, answer):
                return answer
            if isinstance(x, np.ndarray) and x.ndim == len(self.input_shape) + 1 and len(x) <= fast.most:
                answer = np.empty((len(x), *self.output_shape), np.float32)
                if fast.call(x, answer):
                    return answer
        inputs = self._inputs(x, lengths)
        if fast is None and len(inputs) < _FEW:
            self._fast_path = self.program.fast_path()
        return self.program.read(inputs)

    def _inputs(self, x: Any, lengths: ArrayLike | None = None) -> Any:
        """Inputs as the program takes them; the columns of frames are matched by their names."""
        return self.program.inputs(rows_of_frame(x, self.record) if is_frame(x) else x, lengths)

    def read(self, x: ArrayLike) -> Reading:
        """Read one input; the result names the best guess and the runner-up.

        Raises
        ------
        ShapeError
            For several inputs, and for a network with an output for every frame of a sequence.
        """
        outputs = self(x)
        if not isinstance(outputs, np.ndarray) or outputs.ndim != 1:
            raise ShapeError(
                f"read expected one input of shape {self.input_shape} with one output, got x of {np.shape(x)}."
            )
        return Reading(outputs, self.classes)

    def trace(self, x: ArrayLike) -> Trace[Any]:
        """Everything that every layer computes: for one image or a batch, inputs, weighted sums and activations.

        For one sequence (T, D), every gate, cell and hidden value at every frame. See `Trace`.
        """
        inputs = self._inputs(x)
        return self._interruptible(inputs, lambda: self.program.trace(inputs))

    def gradient(self, x: Any, labels: Any, loss: str | None = None, *, lengths: ArrayLike | None = None) -> Gradient:
        """The mean loss, and its gradient by every parameter and every input; see `Gradient`.

        Parameters
        ----------
        x : array_like
            As for calling the network.
        labels : array_like
            The target class, or the N target classes; or target values, (K,) or (N, K). For one sequence its labels
            (L,) or its class, for several a list of those.
        loss : str, optional
            A name as for `Trainer`. By default the one that suits labels and outputs: for classes "cross_entropy", and
            "ctc" for sequences with lists of labels.
        lengths : array_like of int, optional
            As for calling the network.
        """
        inputs = self._inputs(x, lengths)
        return self._interruptible(inputs, lambda: self.program.gradient(inputs, labels, loss))

    def pullback(self, x: Any, cotangent: Any, *, lengths: ArrayLike | None = None) -> Gradient:
        """The vector-Jacobian product: the gradient of ``sum(cotangent * net(x))`` by every parameter and input.

        With a cotangent that is 1 for one output and 0 for the others, it is that output's gradient.

        Parameters
        ----------
        x : array_like
            As for calling the network.
        cotangent : array_like, or list of array_like
            One number for each output, in the form of the outputs: (K,) for one image, (N, K) for a batch; for a list
            of sequences with outputs for every frame, a list of (T, K).
        lengths : array_like of int, optional
            As for calling the network.

        Returns
        -------
        Gradient
            Its ``loss`` is the sum itself.

        Raises
        ------
        ShapeError, DataError
            For a cotangent of another shape, or one that is not finite.

        Examples
        --------
        >>> import pellucid as pl
        >>> net = pl.Network([pl.Dense(3, "tanh"), pl.Dense(2)], input_shape=(4,))
        >>> net.pullback([0.1, 0.2, 0.3, 0.4], [0, 1]).inputs.shape
        (1, 4)
        """
        inputs = self._inputs(x, lengths)
        return self._interruptible(inputs, lambda: self.program.pullback(inputs, cotangent))

    def _interruptible(self, inputs: Any, work: Callable[[], T]) -> T:
        """Do work on these inputs; if it may take long, so that Ctrl-C is noticed."""
        return work() if self.program.products(inputs) < _LONG else run_aside(work)

    def stream(self) -> Stream:
        """Process a sequence frame by frame; the outputs equal those for the whole sequence.

        Raises
        ------
        ConfigurationError
            For a network of images, or one that needs the end of a sequence before it can start.
        """
        from pellucid.network.stream import Stream

        if not self.program.takes_sequences:
            raise ConfigurationError("A stream is for networks of sequences; this network takes images.")
        return Stream(cast("SequencesProgram", self.program))

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
        """Everything that recreates the network except its parameters, as plain data."""
        return {
            "input_shape": list(self.input_shape),
            "layers": [{"kind": layer.kind, **layer.configuration()} for layer in self.layers],
            "seed": self.seed,
            "level_range": None if self.level_range is None else list(self.level_range),
            "classes": list(self.classes),
        }

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any], *, draw: bool = True) -> Self:
        """A network with this configuration, and with initial parameters drawn from its seed, or zeros."""
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
        """Pickle and deep-copy configuration, parameters and record; views and buffers are recreated."""
        return _restored, (type(self), self.configuration(), self.parameters.copy(), dict(self.record))

    def __repr__(self) -> str:
        sizes = "-".join(str(size) for size in [features(self.input_shape), *(self._sizes())])
        return f"<Network {sizes}: {self.parameter_count:,} parameters>"

    when_live = "one draws for it and sees every neuron"

    def still_html(self) -> str:
        """The layers and their architecture as HTML, which notebooks show where there is no widget."""
        from pellucid.reports.network import network_html

        return network_html(self)

    def _sizes(self) -> list[int]:
        shape, sizes = self.input_shape, []
        for layer in self.layers:
            shape = layer.output_shape(shape)
            sizes.append(features(shape))
        return sizes


def _restored(
    kind: type[Network], configuration: Mapping[str, Any], parameters: Vector, record: dict[str, Any]
) -> Network:
    net = kind.from_configuration(configuration, draw=False)
    net.parameters[...] = parameters
    net.record = record
    return net


def _times(shape: Shape) -> str:
    return "x".join("T" if side is None else str(side) for side in shape)
