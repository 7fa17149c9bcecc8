"""The parts of requests and events: numbers with their limits, arrays, plans and descriptions."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Unit = Annotated[float, Meta(ge=0.0, le=1.0)]
"""A number from 0 to 1."""

Number = Annotated[float, Meta(ge=-1e30, le=1e30)]
"""A finite number that float32 holds."""

Count = Annotated[int, Meta(ge=0, le=1 << 40)]
"""A count, or an index from 0."""

Seed = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
"""A seed that JavaScript holds exactly."""

Name = Annotated[str, Meta(max_length=200)]
"""A short text."""

Part = Literal["train", "test"]
"""Part of the data set: training images or held-out images."""

Loss = Literal["cross_entropy", "squared", "mean_squared", "mean_absolute", "huber"]
"""The loss: of classes, cross-entropy or the sum of (a - y)^2 over the outputs; of values, the mean over the outputs of
(a - y)^2, of |a - y|, or of half the square up to a distance of 1 and linear beyond."""

PlanLoss = Literal["cross_entropy", "squared", "mean_squared", "mean_absolute", "huber", "ctc"]
"""The loss of a plan: one of `Loss`, or connectionist temporal classification (CTC) of the sounds of spoken digits."""

Task = Literal["classes", "values"]
"""What the outputs are: one for each class, or values to predict."""

ActivationName = Literal["identity", "sigmoid", "relu", "tanh", "softmax"]
"""An activation function."""


class Shared(Struct, rename="camel", forbid_unknown_fields=True):
    """Base of all parts: camelCase names on the wire, no unknown fields."""


class Floats(Shared):
    """An array of float32 in the payload of the message's frame; see `pellucid.studio.protocol.frames`."""

    offset: Count
    """Where it begins, counted in float32 from the start of the payload."""
    shape: list[Count]
    """Its shape, in C order: the last index varies fastest."""


class Stroke(Shared):
    """One stroke of the pen on the pad."""

    points: Annotated[list[Unit], Meta(max_length=8192)]
    """x, y, x, y, ... as shares of the pad's side, from its left and top."""
    width: Annotated[float, Meta(ge=0.001, le=0.5)]
    """Line width, as a share of the pad's side."""
    erase: bool = False
    """Whether it removes ink."""


class Centring(Shared):
    """The steps of the centring that are switched on; see `pellucid.data.drawings.center`."""

    thicken: bool = True
    """Widen strokes that are thinner than nearly all in MNIST."""
    scale: bool = True
    """Scale the bounding box of the ink to 20x20."""
    smooth: bool = True
    """Average all that falls into a pixel; otherwise take one sample."""
    mass: bool = True
    """Move the centre of mass to the centre of the field."""


class CentringStep(Shared):
    """One step from the drawing to the 28x28 pixels."""

    name: Literal["drawn", "thickened", "cut", "fitted", "placed"]
    """The step."""
    caption: str
    """A sentence that says what was done, with its numbers."""
    done: bool
    """False where the step is switched off or changed nothing."""
    picture: Floats
    """The picture after the step (height, width): 0 is paper, 1 is full ink."""
    box: tuple[float, float, float, float]
    """Left, top, right and bottom of the ink, in pixels of this picture."""
    centre: tuple[float, float]
    """x and y of the centre of mass, in pixels of this picture."""


LayerKind = Literal["dense", "conv2d", "max_pool2d", "avg_pool2d", "flatten", "dropout"]
"""A kind of layer: dense, a convolution, pooling by the largest or the mean, maps in one row, dropout."""

Sides = Annotated[list[Annotated[int, Meta(ge=1, le=64)]], Meta(min_length=2, max_length=2)]
"""Two sides or steps: down, across."""


def _single() -> list[int]:
    return [1, 1]


def _none() -> list[int]:
    return [0, 0]


class LayerPlan(Shared):
    """A layer of a plan. Where feature maps end, flattening goes without saying."""

    size: Annotated[int, Meta(ge=1, le=1024)]
    """Number of neurons, of channels of a convolution, or of units in each direction; 1 for other layers."""
    activation: ActivationName
    """Activation function; "identity" for layers without one."""
    kind: Literal["dense", "conv2d", "max_pool2d", "avg_pool2d", "dropout", "lstm", "gru", "rnn"] = "dense"
    """Kind of layer."""
    kernel: Sides = field(default_factory=_single)
    """Sides of a filter or of a pooling window."""
    stride: Sides = field(default_factory=_single)
    """Distance from one filter or window to the next."""
    padding: Annotated[list[Annotated[int, Meta(ge=0, le=64)]], Meta(min_length=2, max_length=2)] = field(
        default_factory=_none
    )
    """Rows and columns of zeros around the input of a convolution."""
    rate: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.0
    """Share that dropout drops."""
    bidirectional: bool = False
    """Whether a recurrent layer (lstm, gru, rnn) has units that read from the end too."""


class OptimizerPlan(Shared):
    """The optimiser of a plan."""

    kind: Literal["sgd", "momentum", "adam"]
    """Kind of optimiser."""
    learning_rate: Annotated[float, Meta(gt=0.0, le=1e6)]
    """Learning rate of the next step; it can be changed during training."""
    momentum: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.9
    """Share of the velocity that is kept at each step; momentum only."""
    nesterov: bool = False
    """Whether to use Nesterov momentum."""
    beta1: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.9
    """Decay rate of Adam's mean gradient."""
    beta2: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.999
    """Decay rate of Adam's mean squared gradient."""
    decay: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.0
    """L2 decay: adds ``decay * w`` to each gradient."""


class LearnPlan(Shared):
    """Everything that determines a training run: the same plan gives the same numbers, bit for bit."""

    layers: Annotated[list[LayerPlan], Meta(min_length=1, max_length=16)]
    """First layer first; the last layer has one neuron for each class or value."""
    loss: PlanLoss
    """Loss to minimise."""
    optimizer: OptimizerPlan
    """Optimiser."""
    batch_size: Annotated[int, Meta(ge=1, le=8192)]
    """Images in each mini-batch."""
    data: Name
    """Name of the data set: one of `Welcome.data_sets`."""
    seed: Seed
    """Determines the initial weights and the order of the images."""
    augment: bool = False
    """Whether to vary each image a little every time it is used."""
    centring: Centring = field(default_factory=Centring)
    """The steps from pictures of one's own to pixels; images that are prepared already are used as they are."""
    dark_ink: bool = False
    """Whether pictures of one's own have ink that is darker than the paper."""
    standardize: bool = False
    """Whether the features of a table are brought to mean 0 and standard deviation 1 of the training part."""
    clip: Annotated[float, Meta(gt=0.0, le=1e6)] | None = None
    """Largest norm of a mini-batch's gradient, for speech: larger ones are scaled down to it; None for no limit."""


class KeptRun(Shared):
    """A network that was trained in the studio and is kept on this machine."""

    id: Name
    """Identity, for `OpenRun`."""
    name: Name
    """Name."""
    named: bool
    """Whether somebody gave it that name."""
    plan: LearnPlan
    """The plan of its training."""
    data: Name
    """Name of its data set."""
    step: Count
    """Mini-batches done."""
    accuracy: Annotated[float, Meta(le=1.0)]
    """Share of the held-out images that it reads correctly; for values their R2 there."""
    total: Count
    """Number of held-out images."""
    when: float
    """When it was kept, in seconds since 1970."""


class LayerInfo(Shared):
    """A layer of the network, and where its parameters lie in the flat vector of `Parameters`."""

    kind: LayerKind
    """Kind of layer."""
    inputs: Count
    """Number of input values, D."""
    outputs: Count
    """Number of neurons, K; of a layer with feature maps, the number of values in all of them."""
    activation: ActivationName
    """Activation function; "identity" for layers without one."""
    equation: str
    """Its equation in one line, such as "a = sigmoid(W x + b)"."""
    weight: Count
    """Index of the first weight. In a dense layer the weight from input i to neuron j has index ``weight + i * outputs
    + j``; in a convolution weight i of channel j, counted by input channel, row and column, ``weight + j * n + i`` with
    n weights in a filter."""
    bias: Count
    """Index of the first bias; that of neuron or channel j has index ``bias + j``."""
    input_shape: list[Count]
    """Shape of its input: (C, H, W), (H, W) or (D,)."""
    output_shape: list[Count]
    """Shape of its output: (C, H, W) or (K,)."""
    kernel: list[Count]
    """Sides of a filter or a pooling window, down and across; empty for other layers."""
    stride: list[Count]
    """Distance from one to the next, likewise."""
    padding: list[Count]
    """Rows and columns of zeros around the input of a convolution; 0 for pooling, empty for other layers."""


class FeatureInfo(Shared):
    """A feature of a row: the input that it becomes is ``(value - mean) / scale``."""

    name: str
    """Name."""
    mean: float
    """What is subtracted from its values; 0 for values that reach the network as they are."""
    scale: float
    """What they are divided by after that; 1 likewise."""


class InputInfo(Shared):
    """What a network takes: a drawing on a grid of pixels, or a row of features."""

    kind: Literal["drawing", "row"]
    """Which of the two."""
    channels: Count
    """Number of grids, which a drawing fills alike; 0 for a row."""
    rows: Count
    """Pixels from top to bottom; 0 for a row."""
    columns: Count
    """Pixels from left to right; 0 for a row."""
    centred: bool
    """Whether drawings go through the steps of the centring: those of 28x28 pixels."""
    features: list[FeatureInfo]
    """The features of a row, (D,); empty for a drawing."""


class ValueRange(Shared):
    """The values of a feature or a target in the training data, in its own unit."""

    low: float
    """The lowest."""
    high: float
    """The highest."""
    whole: bool
    """Whether all are whole numbers."""


class NetworkInfo(Shared):
    """Description of a network, without its parameters."""

    name: str
    """Name of the file or of the shipped network, or "untitled" for one made here."""
    input_shape: list[Count]
    """Shape of the input, such as [28, 28]."""
    input: InputInfo
    """What it takes."""
    task: Task
    """What its outputs are."""
    classes: list[str]
    """Names of the outputs, (K,)."""
    layers: list[LayerInfo]
    """First layer first."""
    parameter_count: Count
    """Number of weights and biases: 13,002 for 784-16-16-10."""
    seed: Seed
    """Seed of the initial weights."""
    loss: Loss
    """Loss of its past or future training."""
    centring: Centring
    """The steps from drawings and pictures to pixels with which it was trained."""


Origin = Literal["shipped", "kept", "moment"]
"""Where a compared network comes from: the package, those kept on this machine, or a moment of this training."""


class ComparedNetwork(Shared):
    """The network that is compared with the present one."""

    network: NetworkInfo
    """The network; its name says what it is."""
    origin: Origin
    """Where it comes from."""
    knobs: Floats
    """(parameterCount,), in the order that `LayerInfo` defines."""
    accuracy: float
    """Share of the held-out images that it reads correctly, prepared as for its own training; for values their R2."""
    right: Count
    """Number of them."""
    total: Count
    """Number of held-out images."""
    seen: bool
    """Whether it was trained on those images, as far as its record tells."""


class DataInfo(Shared):
    """The data set in use."""

    name: str
    """Name, such as "digits" or "mnist"."""
    train: Count
    """Number of training images."""
    test: Count
    """Number of held-out images."""
    classes: list[str]
    """Names of the classes."""
    digest: str
    """Tells its images and labels from all others."""
    raw: bool
    """Whether it consists of pictures that go through the centring; others are centred already."""
    features: list[ValueRange]
    """The features of a table, (D,); empty for pictures."""
    targets: list[ValueRange]
    """The values to predict, (K,); empty for classes."""


class ReadyPlan(Shared):
    """A plan that can be taken as it is."""

    name: str
    """Name of its network, such as "LeNet-5"."""
    plan: LearnPlan
    """The plan."""


class DataChoice(Shared):
    """A data set that can be chosen."""

    name: str
    """Name, for `LearnPlan.data`."""
    classes: list[str]
    """Names of its classes; a network for it needs as many outputs."""
    here: bool
    """Whether it is on this machine; otherwise `FetchData` downloads it."""
    note: str
    """Short description; for a download also its source and size."""
    raw: bool
    """Whether it consists of pictures that go through the centring of the plan; others are centred already."""
    centring: Centring
    """The usual steps of their centring."""
    dark_ink: bool
    """Whether most of its pictures have ink that is darker than the paper, as measured."""
    inputs: Count
    """Number of inputs of a network for it."""
    shape: list[Count]
    """Their shape: (H, W), (C, H, W) or (D,)."""
    table: bool
    """Whether its examples are rows of features."""
    task: Task
    """Whether its classes are classes, or the names of values to predict."""
    plan: LearnPlan
    """A plan that suits it."""
    ready: list[ReadyPlan]
    """Plans that suit it, that one first; for pictures also a convolutional network."""
    speech: bool
    """Whether its examples are spoken digits; the other rooms do not take these."""


class Change(Shared):
    """A change to the network that can be undone."""

    id: Count
    """Unique within the session, and increasing."""
    kind: Literal["knobs", "neuron", "layer", "noise", "step", "reset", "grey"]
    """Kind of change."""
    text: str
    """Short description, such as "bias of output 7: 0.12 to 0.7"."""
    knob: int | None = None
    """The knob, if only one was turned."""
    before: float | None = None
    """Its value before."""
    after: float | None = None
    """Its value after."""


class ClassInfo(Shared):
    """The rules of a class: no uploads, no other data; kept networks are neither added, renamed nor deleted."""

    reset_seconds: Annotated[float, Meta(gt=0.0)] | None
    """Time without input after which the session starts again; None for never."""


class Factor(Shared):
    """A factor by which a neuron's activation is multiplied before the next layer; 0 switches the neuron off."""

    layer: Annotated[int, Meta(ge=-1, le=1000)]
    """Index of the layer, from 0; -1 stands for the inputs."""
    neuron: Count
    """Index of the neuron, from 0."""
    factor: Number
    """The factor; 1 has no effect."""


class Example(Shared):
    """An image, or a row, of the data set."""

    part: Part
    """Part of the data set."""
    index: Count
    """Index in that part."""
