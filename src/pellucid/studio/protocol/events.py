"""The events of the server: answers to requests, and news of training."""

from __future__ import annotations

from typing import Literal

from pellucid.studio.protocol.parts import (
    Centring,
    CentringStep,
    Change,
    ClassInfo,
    ComparedNetwork,
    Count,
    DataChoice,
    DataInfo,
    Example,
    Factor,
    Floats,
    KeptRun,
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
    """Base of all events."""

    request: Count
    """The `id` of the request that it answers; 0 where there is none."""


class Welcome(Event):
    """The first event of a connection.

    `Network`, `Parameters`, `Turned`, `Drawing`, `Reading`, `Runs`, `DataSets`, `Training`, `Judged` and `Curves`
    follow at once, so that a page that reconnects shows what it showed before.
    """

    session: str
    """Key of the session: connect with ``?session=`` and this to return to it; also for uploads and downloads."""
    resumed: bool
    """Whether the session existed before."""
    version: str
    """Version of Pellucid."""
    networks: list[str]
    """Names of the shipped networks, for `LoadNetwork`."""
    data_sets: list[str]
    """Names of the data sets on this machine, for `LearnPlan.data`."""
    max_upload: Count
    """Most bytes of an uploaded file."""
    in_class: ClassInfo | None
    """The rules of a class, if the studio was started for one."""
    course: str | None
    """Title of the course that the studio was started with, which the page leads to."""


class Failed(Event):
    """A request could not be served; the session is as it was before."""

    code: Literal[
        "malformed", "too_large", "out_of_order", "bad_value", "unavailable", "diverged", "busy", "locked", "internal"
    ]
    """malformed: not a message of the schema; too_large: over a limit; out_of_order: not possible now; bad_value: a
    value that is not valid here; unavailable: not on this machine; diverged: the numbers overflow; busy: too many at
    once; locked: not in a class; internal: a bug in the studio."""
    message: str
    """A sentence for people: what was expected, what came, what to do."""


class Done(Event):
    """All that answers the request has been sent, but for what is told to take longer: downloads and training."""


class Gone(Event):
    """The server ends the connection."""

    reason: Literal["elsewhere", "idle", "full", "closing", "restarted"]
    """The session was opened in another tab; was idle for long; made room for another; the server stops; or, in a
    class, the session has ended and the page starts again with a new one."""


class Network(Event):
    """The session uses another network; `Parameters` follows."""

    network: NetworkInfo
    """The network."""
    data: DataInfo
    """The data set for its training and evaluation."""


class Parameters(Event):
    """All knobs."""

    version: Count
    """Number of changes to the network so far; events that depend on the network repeat it."""
    knobs: Floats
    """(parameterCount,), in the order that `LayerInfo` defines."""
    effective: Floats | None
    """The knobs with the factors of switched neurons, with which the network computes; None without factors."""
    trained: Floats
    """(parameterCount,): the knobs as loaded or last trained."""
    opened: Floats | None
    """The knobs as the network came here, as loaded or as its seed drew them; None where that is `trained`."""


class Drawing(Event):
    """What is read: a drawing, an uploaded picture, an example, bare pixels, or a row of one's own."""

    source: Literal["pad", "picture", "example", "pixels", "row"]
    """Where the inputs come from."""
    strokes: list[Stroke]
    """Strokes on the pad; empty unless the pad is the source."""
    can_undo: bool
    """Whether `UndoStroke` has an effect."""
    can_redo: bool
    """Whether `RedoStroke` has an effect."""
    example: Example | None
    """The image of the data set, if it is one."""
    label: int | None
    """Its class, if it is known."""
    targets: list[float] | None
    """Its target values, (K,), if they are known."""
    centring: Centring
    """The steps of the centring that are switched on."""
    pictures: bool
    """Whether `Reading.steps` is sent."""


class LayerReading(Shared):
    """Sums and activations of one layer: (K,), or (C, H, W) of a layer with feature maps."""

    sums: Floats
    """z: the weighted sums, with the bias; in layers without weights, the activations."""
    activations: Floats
    """a: the activations."""


class Likeness(Shared):
    """How unlike the images of the data set a picture is; see `pellucid.inspect.familiarity`."""

    distance: float
    """Its distance from them."""
    limit: float
    """The distance that 99 % of such images stay within."""


class Reading(Event):
    """The network's reading of the present picture."""

    version: Count
    """Version of the network."""
    pixels: Floats
    """The inputs: of a drawing, (28, 28) or any other grid, 0 is paper, 1 is full ink; of a row, (D,)."""
    row: Floats | None
    """The features of the row in the units of the data, (D,); None for a drawing."""
    layers: list[LayerReading]
    """First layer first; the activations of the last are the outputs."""
    order: list[int]
    """The classes, in decreasing order of their outputs; values in their own order."""
    words: str
    """The reading in words, such as "3 at 0.60, then 8 at 0.40" or "price 3.25"; empty where there is no ink."""
    steps: list[CentringStep]
    """The steps of the centring; empty unless `SetCentring.pictures` asked for them, or where there is no centring."""
    digits: Count | None
    """How many digits the drawing or picture seems to hold; None where that is unknown, or where no digits are read."""
    likeness: Likeness | None
    """None where there is no ink, where no digits are read, or where the data set is too small to tell."""


class Compared(Event):
    """The network that is compared with the present one."""

    other: ComparedNetwork | None
    """The network; None where there is none any more."""


class ComparedReading(Event):
    """What the compared network reads in the present picture; follows every `Reading` while there is one."""

    layers: list[LayerReading]
    """First layer first; the activations of the last are the outputs."""
    order: list[int]
    """The classes, in decreasing order of their outputs."""
    words: str
    """The reading in words; empty where there is no ink."""


class Votes(Event):
    """All terms w a of one neuron's weighted sum, for the present picture; of one place of a map in a convolution."""

    version: Count
    """Version of the network."""
    layer: Count
    """Index of the layer, from 0."""
    neuron: Count
    """Index of the neuron, from 0."""
    inputs: Floats
    """a, (D,)."""
    weights: Floats
    """w, (D,)."""
    terms: Floats
    """w a, (D,)."""
    ranking: list[int]
    """Inputs in decreasing order of the size of their terms, (D,)."""
    bias: float
    """b, the bias."""
    sum: float
    """z, the sum of w a, plus b."""
    positive: float
    """Sum of the positive terms."""
    negative: float
    """Sum of the negative terms."""
    slope: float
    """da/dz; for softmax a (1 - a)."""
    activation: float
    """a, the neuron's activation."""
    formula: str
    """The formula with its numbers, such as "sigmoid(1.31 - 0.42) = 0.71"."""
    at: list[int] | None
    """Row and column in the feature map; None in a dense layer."""


class Examples(Event):
    """Images of the data set."""

    part: Part
    """Part of the data set."""
    begin: Count
    """Number of matching images skipped, as requested."""
    found: Count
    """Number of matching images."""
    indices: list[int]
    """Indices of the images sent, (n,)."""
    labels: list[int]
    """Their classes, (n,); empty for values."""
    readings: list[int]
    """The classes that the network reads, (n,); empty for values."""
    confidences: Floats
    """The largest outputs, (n,)."""
    targets: Floats | None
    """Their target values, (n, K); None for classes."""
    pixels: Floats
    """(n, 28, 28), 0 to 1, or any other grid; the inputs of rows, (n, D)."""


class Turned(Event):
    """The network was changed by hand; where `knobs` is None, the whole vector follows in `Parameters`."""

    version: Count
    """Version after the change."""
    knobs: list[int] | None
    """The knobs that changed, (n,)."""
    values: list[float] | None
    """Their new values, (n,)."""
    changes: list[Change]
    """All changes, oldest first, the undone ones last; beyond 1,000, the oldest are dropped."""
    position: Count
    """Number of changes in effect; the rest can be redone."""
    factors: list[Factor]
    """Neurons that are switched off or scaled."""
    noise: float
    """Spread of the latest noise in effect; 0 where there is none."""
    grey_levels: Count | None
    """Grey levels to which every pixel is rounded before the network reads it; None for pixels as they are."""


class Judged(Event):
    """Accuracy and loss on the held-out images."""

    version: Count
    """Version of the network."""
    accuracy: float
    """Share of the images that are read correctly; for values R2, 1 minus the squared errors relative to those of
    always answering with the mean."""
    right: Count
    """Number of images that are read correctly; 0 for values."""
    total: Count
    """Number of held-out images."""
    loss: float
    """Mean loss."""
    baseline: float
    """Accuracy as loaded or last trained, before the changes by hand."""
    seen: bool
    """Whether the network was trained on these images, so that the accuracy says little: true for networks trained on
    MNIST, whose training images include the embedded digits."""


class KnobInfo(Shared):
    """One knob."""

    knob: Count
    """Index in the flat vector."""
    name: str
    """Name in Python: "layers[0].weight[3, 120]" is the weight from input 120 to neuron 3."""
    layer: Count
    """Index of the layer, from 0."""
    neuron: Count
    """Index of the neuron, from 0."""
    input: int | None
    """Index of the input, from 0; None for a bias."""
    value: float
    """Present value."""
    trained: float
    """Value as loaded or last trained."""
    initial: float
    """Initial value, drawn from the network's seed."""


class Knobs(Event):
    """The knobs that `FindKnobs` found."""

    found: Count
    """Number of matching knobs."""
    knobs: list[KnobInfo]
    """The first of them."""


class Swept(Event):
    """Evaluations of the network for many values of one knob."""

    version: Count
    """Version of the network."""
    knob: Count
    """Index of the knob."""
    values: Floats
    """Its values, (n,)."""
    accuracies: Floats
    """Accuracy on the held-out images for each, (n,), as in `Judged`."""
    losses: Floats
    """Loss on the held-out images for each, (n,)."""
    images: Count
    """Held-out images that were evaluated: all of them, or the first ones for large networks."""


class DataSets(Event):
    """The data sets; sent after `Welcome`, and during a download."""

    choices: list[DataChoice]
    """Those on this machine, then those that can be downloaded."""
    fetching: str | None
    """Progress of a download, in words; None where none is running."""


class Runs(Event):
    """The networks that were trained here and are kept on this machine; sent after `Welcome`, and after changes."""

    runs: list[KeptRun]
    """The latest first."""


class Training(Event):
    """State of training."""

    plan: LearnPlan
    """The plan, with the present learning rate."""
    state: Literal["ready", "running", "stepping", "paused", "diverged"]
    """stepping: running up to a certain mini-batch or the end of the epoch."""
    step: Count
    """Mini-batches done."""
    first_step: Count
    """The earliest step that can be restored: 0, unless very many changes were made on the way."""
    last_step: Count
    """The latest step that can be restored."""
    epoch: Count
    """Whole epochs done."""
    batch: Count
    """Mini-batches done of the present epoch."""
    steps_per_epoch: Count
    """Mini-batches in an epoch."""
    seconds: float
    """Time spent training."""
    batches_per_second: float | None
    """Requested pace; None is full speed."""
    learning_rate: float
    """Learning rate of the next step."""
    run: str | None
    """Identity under which the trained network is kept, or will be; None before any training."""
    kept: bool
    """Whether what is kept under that identity are the weights as last trained."""
    trouble: str | None
    """If the loss diverged, a sentence that says why training stopped."""


class Picture(Event):
    """The network during training: one for each `NextPicture`, at most 60 per second, and whenever training pauses."""

    version: Count
    """Version of the network."""
    step: Count
    """Mini-batches done."""
    epoch: Count
    """Whole epochs done."""
    knobs: Floats
    """All parameters, (parameterCount,)."""
    steps: Floats
    """Numbers of the mini-batches since the last picture, (n,), exact up to 2^24. Where there are many, several are
    merged into one point, with the number of the last."""
    losses: Floats
    """Mean, lowest and highest loss of the mini-batches of each point, before their steps, (n, 3)."""
    accuracies: Floats
    """Accuracy, likewise, (n, 3); NaN for values."""
    speed: float
    """Mini-batches per second, lately."""
    reading: list[LayerReading]
    """The network at work on the present picture, first layer first."""


class Health(Event):
    """Health of the layers; sent twice a second during training, and whenever it pauses."""

    version: Count
    """Version of the network."""
    step: Count
    """Mini-batches done."""
    gradients: Floats
    """Root mean square of the gradient by each layer's weights and biases, (layers,)."""
    gradient_norms: Floats
    """Euclidean norm of the same, (layers,)."""
    weight_norms: Floats
    """Euclidean norm of each layer's weights and biases, (layers,)."""
    dead: list[list[int]]
    """Dead neurons, whose activation is 0 (below 1e-6) for every image, a list for each layer."""
    saturated: list[list[int]]
    """Saturated neurons (sigmoid, tanh): slope below 1 % of the steepest for 95 % of the images, likewise."""
    images: Count
    """Number of images used."""


class EpochDone(Event):
    """An epoch has ended and was evaluated; of speech, as many are as cost training little."""

    epoch: Count
    """Number of the epoch, from 1."""
    step: Count
    """Mini-batches done."""
    loss: float
    """Mean loss over its mini-batches, each before its step."""
    accuracy: float | None
    """Accuracy, likewise; None for values."""
    test_loss: float
    """Loss on the held-out images at its end."""
    test_accuracy: float
    """Accuracy there, as in `Judged`."""
    seconds: float
    """Total time spent training."""


class Curves(Event):
    """The history so far, thinned out; it replaces what the page has."""

    steps: Floats
    """Last mini-batch of each point, (n,)."""
    losses: Floats
    """Mean, lowest and highest loss of the mini-batches of each point, (n, 3); NaN where they are not known."""
    accuracies: Floats
    """Accuracy, likewise, (n, 3)."""
    epoch_steps: Floats
    """Last mini-batch of each epoch that was evaluated, or of the last of a few such epochs, (epochs,)."""
    test_losses: Floats
    """Mean, lowest and highest loss on the held-out images at the end of these epochs, (epochs, 3)."""
    test_accuracies: Floats
    """Accuracy, likewise, (epochs, 3)."""
    rate_steps: Floats
    """Steps at which the learning rate was set, (m,)."""
    rates: Floats
    """Its values, (m,)."""
    health_steps: Floats
    """Steps at which the gradients were measured, (k,)."""
    health_gradients: Floats
    """Root mean square of the gradient of each layer, as in `Health`, (k, layers)."""


class Examined(Event):
    """The network's mistakes on the held-out images."""

    version: Count
    """Version of the network."""
    confusion: Floats
    """(K, K): number of images of the row's class that are read as the column's class."""
    total: Count
    """Number of images."""
    wrong: Count
    """Number of misread images."""
    indices: list[int]
    """The misread images, at most 200, in decreasing order of confidence, (n,)."""
    labels: list[int]
    """Their classes, (n,)."""
    readings: list[int]
    """The classes that the network reads, (n,)."""
    confidences: Floats
    """The largest outputs, (n,)."""
    pixels: Floats
    """(n, 28, 28), 0 to 1, or any other grid; the inputs of rows, (n, D)."""


class Predicted(Event):
    """The network's predictions of values on the held-out examples, beside the true ones."""

    version: Count
    """Version of the network."""
    total: Count
    """Number of held-out examples."""
    r_squared: float
    """R2 over all of them, the mean over the outputs."""
    errors: list[float]
    """Root mean squared error of each output, (K,), in the units of its values."""
    indices: list[int]
    """The examples sent, at most 2,000, evenly spaced, (n,)."""
    outputs: Floats
    """Predicted values, (n, K)."""
    targets: Floats
    """True values, (n, K)."""


class LossPlane(Event):
    """The loss on a plane through the path of training, along the two principal directions of the path."""

    xs: Floats
    """Coordinates along the first direction, (n,), in units of parameter space; 0 is the present step."""
    ys: Floats
    """Coordinates along the second, (n,)."""
    losses: Floats
    """(n, n), a row for each of ys; 3.4e38 stands for values beyond float32."""
    path: Floats
    """(m, 2): the path, projected onto the plane."""
    path_steps: Floats
    """Mini-batches done at each point of the path, (m,)."""
    path_losses: Floats
    """Loss at each point of the path itself, not of its projection, (m,)."""
    distances: Floats
    """Distance of each point of the path from the plane, (m,)."""
    explained: list[float]
    """Share of the path's variance along each of the two directions."""
    images: Count
    """Number of training images for each loss."""
    step: Count
    """Mini-batches done when it was computed."""


class NudgeLayer(Shared):
    """A layer on the backward pass. A number's nudge is the opposite of its derivative.

    The shapes are those of dense layers. In a convolution, inputs are (C, H, W) or (H, W), weights (K, C, kernel
    height, kernel width), and what is (K,) here is (K, H', W'), but for the biases. Other layers have no weights.
    """

    inputs: Floats
    """a of the previous layer, (D,)."""
    weights: Floats
    """w, (K, D): row j has the weights of neuron j."""
    sums: Floats
    """z, (K,)."""
    activations: Floats
    """a, (K,)."""
    by_activations: Floats
    """dC/da, (K,); for the output layer, from the formula of the cost, such as -ln a."""
    slopes: Floats
    """da/dz, (K,); for softmax the diagonal, a (1 - a)."""
    by_sums: Floats
    """dC/dz, (K,)."""
    by_weights: Floats
    """dC/dw = dC/dz a, (K, D)."""
    by_biases: Floats
    """dC/db = dC/dz, (K,)."""
    by_inputs: Floats
    """dC/da of the previous layer: the sum over all neurons of w dC/dz, (D,)."""


class NudgeStage(Shared):
    """One stage of backpropagation."""

    kind: Literal["forward", "cost", "outputs", "sums", "weights", "biases", "inputs", "pixels"]
    """Kind of stage."""
    layer: int
    """The layer that it shows; -1 for none."""
    title: str
    """Title, in a few words."""
    caption: str
    """One or two sentences, with the numbers of this picture."""


class Nudges(Event):
    """Backpropagation of the present picture, as the engine computes it."""

    version: Count
    """Version of the network."""
    label: Count | None
    """The target class; None for values."""
    loss: Loss
    """The loss."""
    cost: float
    """C, its value."""
    targets: Floats
    """Targets of the outputs, (K,)."""
    costs: Floats
    """The term of each output in the cost, (K,); C is their sum."""
    wishes: Floats
    """-dC/dz of each output, (K,): its nudge."""
    layers: list[NudgeLayer]
    """First layer first."""
    stages: list[NudgeStage]
    """The stages, in order."""
    gradient_norm: float
    """Norm of the gradient by all parameters."""


class BatchNudges(Event):
    """The gradient averaged over a mini-batch."""

    version: Count
    """Version of the network."""
    cost: float
    """Mean cost over the images."""
    costs: Floats
    """Cost of each image, (n,)."""
    labels: list[int]
    """Class of each image, (n,); empty for values."""
    targets: Floats | None
    """Target values of each, (n, K); None for classes."""
    gradient: Floats
    """(parameterCount,)."""
    wishes: Floats | None
    """Nudge by each image for the requested knob, (n,), -dC/dknob; their mean is that of the mini-batch."""
    norms: Floats
    """Norm of each image's own gradient, (n,)."""
    gradient_norm: float
    """Norm of the mean gradient; it is smaller, since the images disagree."""


class Checked(Event):
    """Check of one derivative: the cost with the number slightly raised and lowered."""

    kind: Literal["parameter", "activation", "input"]
    """Kind of number, as requested."""
    name: str
    """Name of the number, such as "bias of output 7"."""
    value: float
    """Its value."""
    derivative: float
    """The derivative from backpropagation."""
    difference: float
    """(C(value + h) - C(value - h)) / 2 h."""
    h: float
    """Amount by which the number was raised and lowered."""
    cost_above: float
    """C(value + h), in float64."""
    cost_below: float
    """C(value - h), in float64."""
    relative_error: float
    """|derivative - difference|, relative to the larger of the two; 0 where both are 0."""
    agrees: bool
    """Whether the two agree as closely as float32 allows."""


class Stepped(Event):
    """A step was taken in Nudge."""

    version: Count
    """Version after the step."""
    cost_before: float
    """C of the picture or the mini-batch before the step."""
    cost_after: float
    """C of the same after the step."""
    accuracy_before: float
    """Accuracy on the held-out images before the step."""
    accuracy_after: float
    """Accuracy on them after the step."""
    predicted: float
    """C after the step to first order: costBefore - learningRate * gradientNorm^2."""
    learning_rate: float
    """Learning rate."""
    gradient_norm: float
    """Norm of the gradient."""
