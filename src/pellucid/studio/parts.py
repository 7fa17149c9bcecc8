"""What requests and events are made of: numbers with their limits, arrays, and the things both speak of."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Unit = Annotated[float, Meta(ge=0.0, le=1.0)]
"""A number from 0 to 1."""

Number = Annotated[float, Meta(ge=-1e30, le=1e30)]
"""A finite number that float32 holds."""

Count = Annotated[int, Meta(ge=0, le=1 << 40)]
"""How many, or which one, counted from 0."""

Seed = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
"""A seed that JavaScript holds exactly."""

Name = Annotated[str, Meta(max_length=200)]
"""A short text."""

Part = Literal["train", "test"]
"""Which part of the data set: what is learnt from, or what is held out."""

Loss = Literal["cross_entropy", "squared"]
"""What is minimised: cross-entropy, or the sum of (a - y)^2 over the outputs."""

ActivationName = Literal["identity", "sigmoid", "relu", "tanh", "softmax"]
"""An activation function."""


class Shared(Struct, rename="camel", forbid_unknown_fields=True):
    """What all parts have in common: names in camelCase on the wire, nothing unknown accepted."""


class Floats(Shared):
    """An array of float32 in the payload of the frame that carries the message; see `pellucid.studio.frames`."""

    offset: Count
    """Where it begins, counted in float32 from the start of the payload."""
    shape: list[Count]
    """Its sides, C order: the last index runs fastest."""


class Stroke(Shared):
    """One movement of the pen over the pad."""

    points: Annotated[list[Unit], Meta(max_length=8192)]
    """x, y, x, y, ... as shares of the pad's side, from its left and top."""
    width: Annotated[float, Meta(ge=0.001, le=0.5)]
    """Of the line, as a share of the pad's side."""
    erase: bool = False
    """Whether it takes ink away."""


class Centring(Shared):
    """Which steps of the centring are done; see `pellucid.data.drawings.center`."""

    thicken: bool = True
    """Widen strokes thinner than nearly all of MNIST's."""
    scale: bool = True
    """Fit the ink's box into 20x20."""
    smooth: bool = True
    """Average all that falls into a pixel; otherwise take one sample for it."""
    mass: bool = True
    """Shift the centre of mass to the centre of the field."""


class CentringStep(Shared):
    """One picture on the way from the pad to the 28x28 pixels."""

    name: Literal["drawn", "thickened", "cut", "fitted", "placed"]
    """Which step."""
    caption: str
    """What was done, with its numbers, in a sentence."""
    done: bool
    """False where the step is switched off, or changed nothing."""
    picture: Floats
    """(height, width) after the step, 0 paper to 1 full ink."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom of what the next step looks at, in pixels of this picture."""
    centre: tuple[float, float]
    """x, y of the centre of mass, in pixels of this picture."""


class LayerPlan(Shared):
    """A dense layer that is wanted."""

    size: Annotated[int, Meta(ge=1, le=1024)]
    """Neurons."""
    activation: ActivationName
    """What squishes the weighted sums."""


class OptimizerPlan(Shared):
    """An optimiser that is wanted."""

    kind: Literal["sgd", "momentum", "adam"]
    """Which."""
    learning_rate: Annotated[float, Meta(gt=0.0, le=1e6)]
    """Of the next step; it can be changed while training runs."""
    momentum: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.9
    """Share of the last step's velocity that is kept: momentum only."""
    nesterov: bool = False
    """Nesterov's way of momentum."""
    beta1: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.9
    """Adam's memory of the gradient."""
    beta2: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.999
    """Adam's memory of its square."""
    decay: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.0
    """L2 decay: adds ``decay * w`` to every gradient."""


class LearnPlan(Shared):
    """All that a training run is made of; the same plan gives the same numbers, bit for bit."""

    layers: Annotated[list[LayerPlan], Meta(min_length=1, max_length=8)]
    """First layer first; the last has as many neurons as there are classes."""
    loss: Loss
    """What is minimised."""
    optimizer: OptimizerPlan
    """How the steps are taken."""
    batch_size: Annotated[int, Meta(ge=1, le=8192)]
    """Images in a mini-batch."""
    data: Name
    """Name of the data set: one of `Welcome.data_sets`."""
    seed: Seed
    """Draws the initial weights and the order of the images."""
    augment: bool = False
    """Vary every image a little each time it is seen."""


class LayerInfo(Shared):
    """A layer of the network, and where its parameters lie in the flat vector of `Parameters`."""

    kind: Literal["dense"]
    """What it computes; only dense layers so far."""
    inputs: Count
    """Inputs of each neuron, D."""
    outputs: Count
    """Neurons, K."""
    activation: ActivationName
    """What squishes the weighted sums."""
    equation: str
    """In one line, such as "a = sigmoid(W x + b)"."""
    weight: Count
    """Where the weights begin: that from input i to neuron j is number ``weight + i * outputs + j``."""
    bias: Count
    """Where the biases begin: that of neuron j is number ``bias + j``."""


class NetworkInfo(Shared):
    """What the network is, without its parameters."""

    name: str
    """Of the file or shipped network, or "trained here"."""
    input_shape: list[Count]
    """Such as [28, 28]."""
    classes: list[str]
    """The outputs by name, (K,)."""
    layers: list[LayerInfo]
    """First layer first."""
    parameter_count: Count
    """Weights and biases in all: 13,002 for 784-16-16-10."""
    seed: Seed
    """That the initial weights are drawn from."""
    loss: Loss
    """The loss it was or will be trained with."""


class DataInfo(Shared):
    """The data set in use."""

    name: str
    """Such as "digits" or "mnist"."""
    train: Count
    """Images to learn from."""
    test: Count
    """Images held out."""
    classes: list[str]
    """Names of the labels."""


class DataChoice(Shared):
    """A data set that can be chosen."""

    name: str
    """For `LearnPlan.data`."""
    classes: Count
    """How many: outputs that a network for it needs."""
    here: bool
    """Whether it is on this machine; otherwise `FetchData` brings it."""
    note: str
    """What it is, in a few words; of one to be fetched also from where, and how large."""


class Change(Shared):
    """One change to the network that can be undone."""

    id: Count
    """Counts up; never used twice in a session."""
    kind: Literal["knobs", "neuron", "layer", "noise", "step", "reset"]
    """What was done."""
    text: str
    """In words, such as "layers[0].weight[3, 120]: 0.12 to 0.70"."""
    knob: int | None = None
    """The knob, where it was one alone."""
    before: float | None = None
    """Its value before."""
    after: float | None = None
    """Its value after."""


class Factor(Shared):
    """A neuron whose activation is multiplied on its way on: 0 is switched off."""

    layer: Annotated[int, Meta(ge=-1, le=1000)]
    """From 0; -1 stands for the inputs."""
    neuron: Count
    """From 0."""
    factor: Number
    """1 where nothing is changed."""


class Example(Shared):
    """An image of the data set."""

    part: Part
    """Where it is."""
    index: Count
    """Which, from 0."""
