"""What the server tells the page: answers, and what happens by itself."""

from __future__ import annotations

from typing import Literal

from pellucid.studio.parts import (
    Centring,
    CentringStep,
    Change,
    Count,
    DataChoice,
    DataInfo,
    Example,
    Factor,
    Floats,
    LearnPlan,
    Loss,
    NetworkInfo,
    Part,
    Shared,
    Stroke,
)


def _tag(name: str) -> str:
    return name[0].lower() + name[1:]


class Event(Shared, tag_field="type", tag=_tag):
    """What all events have."""

    request: Count
    """The `id` of the request it answers; 0 where nobody asked."""


class Welcome(Event):
    """The first event of a connection.

    `Network`, `Parameters`, `Turned`, `Drawing`, `Reading`, `Judged`, `Training` and `Curves` follow at once, so that
    a page that comes back shows what it showed.
    """

    session: str
    """To come back to this session: connect with ``?session=`` and this. Also the key of uploads and downloads."""
    resumed: bool
    """Whether the session was there already."""
    version: str
    """Pellucid's."""
    networks: list[str]
    """Shipped networks, for `LoadNetwork`."""
    data_sets: list[str]
    """Names for `LearnPlan.data`; what is not on this machine is not among them."""
    max_upload: Count
    """Bytes that an uploaded file may have."""


class Failed(Event):
    """A request could not be done; the session stands as it did before."""

    code: Literal["malformed", "too_large", "out_of_order", "bad_value", "unavailable", "diverged", "busy", "internal"]
    """malformed: no message of the schema; too_large: more than is read; out_of_order: makes no sense now;
    bad_value: a value means nothing here; unavailable: not on this machine; busy: too many at once."""
    message: str
    """What was expected, what came, what to do; a sentence for people."""


class Gone(Event):
    """The connection ends, on purpose."""

    reason: Literal["elsewhere", "idle", "full", "closing"]
    """The session was opened in another tab; was idle for long; there are too many; the server stops."""


class Network(Event):
    """Another network; `Parameters` follows."""

    network: NetworkInfo
    """What it is."""
    data: DataInfo
    """What it is judged by and learns from."""


class Parameters(Event):
    """All knobs as they stand."""

    version: Count
    """Counts up with every change to the network; events that depend on it repeat it."""
    knobs: Floats
    """(parameterCount,), see `LayerInfo` for what lies where."""
    effective: Floats | None
    """The same with switched neurons and layers put in, which is what computes; None where nothing is switched."""
    trained: Floats
    """(parameterCount,): as loaded or last trained, which the changes are told from."""


class Drawing(Event):
    """What is read: strokes, an uploaded picture, an example or bare pixels."""

    source: Literal["pad", "picture", "example", "pixels"]
    """Which."""
    strokes: list[Stroke]
    """On the pad; empty unless that is the source."""
    can_undo: bool
    """Whether `UndoStroke` does something."""
    can_redo: bool
    """Whether `RedoStroke` does something."""
    example: Example | None
    """Which image of the data set, where it is one."""
    label: int | None
    """Its class, where it has one."""
    centring: Centring
    """The steps that are switched on."""
    pictures: bool
    """Whether `Reading.steps` is filled in."""


class LayerReading(Shared):
    """One layer at work."""

    sums: Floats
    """z, (K,): the weighted sums with the bias."""
    activations: Floats
    """a, (K,): what the activation function makes of them."""


class Reading(Event):
    """What the network makes of the present picture."""

    version: Count
    """Of the network."""
    pixels: Floats
    """(28, 28), 0 paper to 1 full ink: what stands at the inputs."""
    layers: list[LayerReading]
    """First layer first; the last one's activations are the outputs."""
    order: list[int]
    """The classes, the largest output first."""
    words: str
    """Such as "3 at 0.60, then 8 at 0.40"; empty where there is no ink."""
    steps: list[CentringStep]
    """The centring; empty unless asked for by `SetCentring.pictures`, and where there is none."""


class Votes(Event):
    """Every term of one neuron's weighted sum: w a, for the present picture."""

    version: Count
    """Of the network."""
    layer: Count
    """From 0."""
    neuron: Count
    """From 0."""
    inputs: Floats
    """a, (D,)."""
    weights: Floats
    """w, (D,)."""
    terms: Floats
    """w a, (D,)."""
    ranking: list[int]
    """Inputs by the size of their term, the largest first, (D,)."""
    bias: float
    """b."""
    sum: float
    """z = sum of w a, plus b."""
    positive: float
    """Sum of the terms above 0."""
    negative: float
    """Sum of the terms below 0."""
    slope: float
    """da/dz; of softmax a (1 - a)."""
    activation: float
    """a of the neuron."""
    formula: str
    """With the numbers in it, such as "sigmoid(1.31 - 0.42) = 0.71"."""


class Examples(Event):
    """Images of the data set."""

    part: Part
    """Where they are."""
    begin: Count
    """As it was asked."""
    found: Count
    """How many fit in all."""
    indices: list[int]
    """Which, (n,)."""
    labels: list[int]
    """Their classes, (n,)."""
    readings: list[int]
    """What the network reads, (n,)."""
    confidences: Floats
    """The largest output, (n,)."""
    pixels: Floats
    """(n, 28, 28), 0 to 1."""


class Turned(Event):
    """The network was changed; where `knobs` is None the whole vector follows in `Parameters`."""

    version: Count
    """After the change."""
    knobs: list[int] | None
    """Which, (n,)."""
    values: list[float] | None
    """Their values now, (n,)."""
    changes: list[Change]
    """Done and undone ones, oldest first; of more than 1,000 the oldest are forgotten."""
    position: Count
    """How many of them stand; the rest can be made again."""
    factors: list[Factor]
    """Neurons switched off or scaled now."""
    noise: float
    """Spread of the noise in the list of changes that stand; 0 where there is none."""


class Judged(Event):
    """How well the network reads the images held out."""

    version: Count
    """Of the network that was judged."""
    accuracy: float
    """Share read right."""
    right: Count
    """How many."""
    total: Count
    """Of how many."""
    loss: float
    """Mean loss."""
    baseline: float
    """Accuracy as loaded or last trained, before the changes."""
    seen: bool
    """Whether the network has learnt from these images, so that they prove little: a shipped network, judged by the
    embedded digits, which are a part of MNIST's training images."""


class KnobInfo(Shared):
    """A knob by name."""

    knob: Count
    """Its index in the flat vector."""
    name: str
    """As in Python: "layers[0].weight[3, 120]" is from input 120 to neuron 3."""
    layer: Count
    """From 0."""
    neuron: Count
    """From 0."""
    input: int | None
    """From 0; None for a bias."""
    value: float
    """Now."""
    trained: float
    """As loaded or last trained."""
    initial: float
    """As the network's seed drew it."""


class Knobs(Event):
    """What `FindKnobs` found."""

    found: Count
    """How many fit in all."""
    knobs: list[KnobInfo]
    """The first of them."""


class Swept(Event):
    """The network judged with one knob at many values."""

    version: Count
    """Of the network."""
    knob: Count
    """Which."""
    values: Floats
    """Of the knob, (n,)."""
    accuracies: Floats
    """On the images held out, (n,)."""
    losses: Floats
    """On the images held out, (n,)."""


class DataSets(Event):
    """What can be learnt from; after `Welcome`, and as a download goes on."""

    choices: list[DataChoice]
    """Those on this machine, then those that can be fetched."""
    fetching: str | None
    """How far a download is, in words; None where none is under way."""


class Training(Event):
    """Where training stands."""

    plan: LearnPlan
    """What it is made of, the learning rate as it is now."""
    state: Literal["ready", "running", "stepping", "paused", "diverged"]
    """stepping: until so many mini-batches or the epoch are done."""
    step: Count
    """Mini-batches done."""
    first_step: Count
    """The earliest that can be gone back to: 0, unless very much was changed on the way."""
    last_step: Count
    """The furthest there has been on this line of time."""
    epoch: Count
    """Whole epochs done."""
    batch: Count
    """Mini-batches of this epoch done."""
    steps_per_epoch: Count
    """Mini-batches in an epoch."""
    seconds: float
    """Spent training."""
    batches_per_second: float | None
    """The pace asked for; None is full speed."""
    learning_rate: float
    """Of the next step."""
    trouble: str | None
    """Why training stopped, where the loss ran away: in a sentence."""


class Picture(Event):
    """The network as it learns: one for each `NextPicture`, at most 60 a second; and wherever training rests."""

    version: Count
    """Of the network."""
    step: Count
    """Mini-batches done."""
    epoch: Count
    """Whole epochs done."""
    knobs: Floats
    """All parameters, (parameterCount,)."""
    steps: Floats
    """Numbers of the mini-batches done since the last picture, (n,); exact up to 2^24. Where there were many, several
    are one point, which bears the number of its last."""
    losses: Floats
    """The mean loss of each point, before its steps, (n,)."""
    accuracies: Floats
    """The share of each read right, before its steps, (n,)."""
    speed: float
    """Mini-batches a second, lately."""
    reading: list[LayerReading]
    """The present drawing, as the network reads it now."""


class Health(Event):
    """What a network's layers do while it learns; twice a second, and whenever training pauses."""

    version: Count
    """Of the network."""
    step: Count
    """Mini-batches done."""
    gradients: Floats
    """Root mean square of the gradient of each layer's weights and biases, (layers,)."""
    gradient_norms: Floats
    """Euclidean length of it, (layers,)."""
    weight_norms: Floats
    """Euclidean length of the weights and biases, (layers,)."""
    dead: list[list[int]]
    """Neurons that hand on 0 (less than 1e-6) for every image looked at, a list for each layer."""
    saturated: list[list[int]]
    """Neurons with hardly any slope (sigmoid, tanh: below 0.01 of the steepest) for 95 % of them, likewise."""
    images: Count
    """How many images were looked at."""


class EpochDone(Event):
    """An epoch is over and was judged; of epochs that follow each other quickly, some are not, to keep them quick."""

    epoch: Count
    """Counts from 1."""
    step: Count
    """Mini-batches done."""
    loss: float
    """Mean over its mini-batches, each before its step."""
    accuracy: float
    """Likewise."""
    test_loss: float
    """On the images held out, at its end."""
    test_accuracy: float
    """Likewise."""
    seconds: float
    """Spent training, in all."""


class Curves(Event):
    """The history so far, thinned out; in place of whatever the page has."""

    steps: Floats
    """Last mini-batch of each point, (n,)."""
    losses: Floats
    """Mean over the mini-batches of each point, (n,)."""
    accuracies: Floats
    """Likewise, (n,)."""
    epoch_steps: Floats
    """Last mini-batch of each epoch, (epochs,)."""
    test_losses: Floats
    """At the end of each epoch, (epochs,)."""
    test_accuracies: Floats
    """Likewise, (epochs,)."""
    rate_steps: Floats
    """Steps at which the learning rate was set, (m,)."""
    rates: Floats
    """To what, (m,)."""


class Examined(Event):
    """What the network confuses, on the images held out."""

    version: Count
    """Of the network."""
    confusion: Floats
    """(K, K): images of the class of the row, read as that of the column."""
    total: Count
    """Images in all."""
    wrong: Count
    """How many of them are read wrong."""
    indices: list[int]
    """The wrongly read ones, the surest first, at most 200: (n,)."""
    labels: list[int]
    """What they are, (n,)."""
    readings: list[int]
    """What the network reads, (n,)."""
    confidences: Floats
    """The largest output, (n,)."""
    pixels: Floats
    """(n, 28, 28), 0 to 1."""


class LossPlane(Event):
    """The loss on a plane through the path of training, along the path's two principal directions."""

    xs: Floats
    """Places along the first direction, (n,), in units of parameter space; 0 is where training stands."""
    ys: Floats
    """Along the second, (n,)."""
    losses: Floats
    """(n, n), row by row of ys; what is too large for float32 is 3.4e38."""
    path: Floats
    """(m, 2): the path on the plane."""
    path_steps: Floats
    """Mini-batches done at each point of it, (m,)."""
    path_losses: Floats
    """The loss at each point of the path itself, not of its shadow on the plane, (m,)."""
    distances: Floats
    """How far each point of the path lies off the plane, (m,)."""
    explained: list[float]
    """Share of the path's variance along the first direction, and along the second."""
    images: Count
    """Training images over which each loss was taken."""
    step: Count
    """Mini-batches done when it was made."""


class NudgeLayer(Shared):
    """A layer on the way back. What a number should do is the opposite of its derivative."""

    inputs: Floats
    """a of the layer before, (D,)."""
    weights: Floats
    """w, (K, D): row j holds those of neuron j."""
    sums: Floats
    """z, (K,)."""
    activations: Floats
    """a, (K,)."""
    by_activations: Floats
    """dC/da, (K,); for softmax outputs with cross-entropy, that of the formula -ln a."""
    slopes: Floats
    """da/dz, (K,); of softmax its diagonal, a (1 - a)."""
    by_sums: Floats
    """dC/dz, (K,)."""
    by_weights: Floats
    """dC/dw = dC/dz times a, (K, D)."""
    by_biases: Floats
    """dC/db = dC/dz, (K,)."""
    by_inputs: Floats
    """dC/da of the layer before: sum over j of w dC/dz, (D,)."""


class NudgeStage(Shared):
    """One stage of the story, in the order in which it is told."""

    kind: Literal["forward", "cost", "outputs", "sums", "weights", "biases", "inputs", "pixels"]
    """What it is about."""
    layer: int
    """The layer it is about; -1 for none."""
    title: str
    """In a few words."""
    caption: str
    """In a sentence or two, with the numbers of this picture."""


class Nudges(Event):
    """Backpropagation of the present picture; every number is the engine's."""

    version: Count
    """Of the network."""
    label: Count
    """The class that is wanted."""
    loss: Loss
    """Which loss."""
    cost: float
    """Its value, C."""
    targets: Floats
    """What the outputs should be, (K,)."""
    costs: Floats
    """The share of each output in the cost, (K,); they add up to it."""
    wishes: Floats
    """-dC/dz of each output, (K,): which way, and how much, each wants to be nudged."""
    layers: list[NudgeLayer]
    """First layer first."""
    stages: list[NudgeStage]
    """What to show, in order."""
    gradient_norm: float
    """Length of the gradient by all parameters."""


class BatchNudges(Event):
    """The gradient averaged over a mini-batch."""

    version: Count
    """Of the network."""
    cost: float
    """Mean over the images."""
    costs: Floats
    """Of each image, (n,)."""
    labels: list[int]
    """Of each image, (n,)."""
    gradient: Floats
    """(parameterCount,)."""
    wishes: Floats | None
    """-dC/dknob for each of the images, (n,), where a knob was named; their mean is the knob's."""
    norms: Floats
    """Length of each image's own gradient, (n,)."""
    gradient_norm: float
    """Length of the averaged one: shorter, since the images disagree."""


class Checked(Event):
    """One derivative checked: the cost computed anew on either side of it."""

    kind: Literal["parameter", "activation", "input"]
    """As asked."""
    name: str
    """What was moved, such as "layers[0].weight[3, 120]"."""
    value: float
    """Its value."""
    derivative: float
    """What backpropagation says."""
    difference: float
    """(C(value + h) - C(value - h)) / 2 h."""
    h: float
    """How far it was moved."""
    cost_above: float
    """C(value + h), in 64-bit numbers."""
    cost_below: float
    """C(value - h)."""
    relative_error: float
    """|derivative - difference| over the larger of the two; 0 where both are 0."""
    agrees: bool
    """Whether they agree as far as 32-bit numbers can."""


class Stepped(Event):
    """A step was taken in Nudge."""

    version: Count
    """After it."""
    cost_before: float
    """C of the picture or the mini-batch."""
    cost_after: float
    """C of the same, after the step."""
    predicted: float
    """C after it if the cost were a plane: before - rate * |gradient|^2."""
    learning_rate: float
    """The rate."""
    gradient_norm: float
    """|gradient|."""
