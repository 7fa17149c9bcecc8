"""The requests of the page. Each has a number, which its answers repeat."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pellucid.studio.protocol.parts import (
    Centring,
    Count,
    LearnPlan,
    Loss,
    Name,
    Number,
    Part,
    Seed,
    Shared,
    Stroke,
    Unit,
)

Knob = Annotated[int, Meta(ge=0, le=1 << 31)]
"""Index of a weight or bias in the flat vector of parameters."""

MAX_INPUTS = 100_000
"""Most pixels or features in a request."""

LayerNumber = Annotated[int, Meta(ge=0, le=1000)]
"""A layer, from 0."""


def _tag(name: str) -> str:
    return name[0].lower() + name[1:]


class Request(Shared, tag_field="type", tag=_tag):
    """Base of all requests."""

    id: Count
    """Number of the request, increasing; the events that answer it repeat it as `request`."""


# Class.


class StartAgain(Request):
    """End the session of a class. Answered by `Gone`; the page then starts again with a new session."""


class ReportInput(Request):
    """Say that somebody uses the page, so that a class session does not start again. Not answered."""


# Read.


class Pen(Request):
    """Append points to a stroke. Answered by `Reading`."""

    stroke: Annotated[int, Meta(ge=0, le=2000)]
    """Number of the last stroke, or the next number to start a new one, which discards all undone strokes."""
    points: Annotated[list[Unit], Meta(max_length=2048)]
    """Only the new points: x, y, x, y, ... as shares of the pad's side, from its left and top."""
    width: Annotated[float, Meta(ge=0.001, le=0.5)]
    """Line width of a new stroke, as a share of the pad's side."""
    erase: bool = False
    """Whether a new stroke removes ink."""


class UndoStroke(Request):
    """Undo the last stroke. Answered by `Drawing` and `Reading`."""


class RedoStroke(Request):
    """Redo the last stroke that was undone. Answered by `Drawing` and `Reading`."""


class ClearDrawing(Request):
    """Clear the pad; `UndoStroke` restores it. Answered by `Drawing` and `Reading`."""


class SetDrawing(Request):
    """Replace the drawing. Answered by `Drawing` and `Reading`."""

    strokes: Annotated[list[Stroke], Meta(max_length=500)]
    """The strokes, in the order of drawing."""


class OpenExample(Request):
    """Read an image of the data set instead of the pad. Answered by `Drawing` and `Reading`."""

    part: Part
    """Part of the data set."""
    index: Count
    """Index in that part."""
    data: Name | None = None
    """Name of the data set that a link means; the session changes to it, or refuses. By default the present one."""
    digest: Name | None = None
    """`DataInfo.digest` of the data set that a link means: data of the same name with other pictures are refused."""


class OpenPixels(Request):
    """Read pixels without centring. Answered by `Drawing` and `Reading`."""

    pixels: Annotated[list[Unit], Meta(min_length=1, max_length=MAX_INPUTS)]
    """As many as the network has inputs, row by row: 0 is paper, 1 is full ink."""


class SetFeatures(Request):
    """Change values of the row that is read, which is then one of one's own. Answered by `Drawing` and `Reading`."""

    features: Annotated[list[Count], Meta(min_length=1, max_length=MAX_INPUTS)]
    """Indices of the features, (n,), each once."""
    values: Annotated[list[Number], Meta(min_length=1, max_length=MAX_INPUTS)]
    """Their values, (n,), in the units of the data."""


class SetCentring(Request):
    """Choose the steps of the centring, and whether their pictures are sent. Answered by `Reading`."""

    pictures: bool
    """Whether `Reading.steps` is filled in."""
    centring: Centring | None = None
    """The steps to do; without it they stay as they are."""


class AskVotes(Request):
    """Ask for the terms of a neuron's weighted sum. Answered by `Votes`."""

    layer: LayerNumber
    """Index of the layer, from 0."""
    neuron: Count
    """Index of the neuron or channel, from 0."""
    at: Annotated[list[Count], Meta(min_length=2, max_length=2)] | None = None
    """In a convolution row and column in the map; None for where its sum is largest."""


class BrowseExamples(Request):
    """Ask for images of the data set. Answered by `Examples`."""

    part: Part
    """Part of the data set."""
    begin: Count
    """Number of matching images to skip."""
    count: Annotated[int, Meta(ge=1, le=200)]
    """Most images to send."""
    label: int | None = None
    """Only images of this class; this and what follows only for data with classes."""
    reading: int | None = None
    """Only images that the network reads as this class."""
    wrong: bool = False
    """Only images that the network misreads."""


class LoadNetwork(Request):
    """Use a shipped network. Answered by `Network` and all that follows from it."""

    name: Name
    """One of `Welcome.networks`."""


class Compare(Request):
    """Compare the present network with another. Answered by `Compared` and `ComparedReading`.

    At most one of the fields is given; without any, the comparison ends.
    """

    network: Name | None = None
    """A shipped network: one of `Welcome.networks`."""
    run: Name | None = None
    """A kept network: its identity."""
    step: Count | None = None
    """A moment of this training: mini-batches done, from `Training.first_step` to `Training.last_step`."""


# Turn.


class TurnKnobs(Request):
    """Set weights and biases. Answered by `Turned`, `Reading` and `Judged`."""

    knobs: Annotated[list[Knob], Meta(min_length=1, max_length=100_000)]
    """Their indices, (n,)."""
    values: Annotated[list[Number], Meta(min_length=1, max_length=100_000)]
    """Their new values, (n,)."""
    gesture: Count
    """Consecutive changes with the same number are undone together, whichever knobs they turn."""


class FindKnobs(Request):
    """Find knobs by name. Answered by `Knobs`."""

    query: Name
    """Name or part of a name, such as "layers[0].weight[3, 120]", "bias 2" or "0 3 120"."""
    count: Annotated[int, Meta(ge=1, le=100)] = 20
    """Most knobs to send."""


class SweepKnob(Request):
    """Evaluate the network for a range of values of one knob, which is not changed. Answered by `Swept`."""

    knob: Knob
    """Its index."""
    low: Number
    """First value."""
    high: Number
    """Last value."""
    count: Annotated[int, Meta(ge=2, le=65)]
    """Number of values, evenly spaced."""


class ScaleNeuron(Request):
    """Multiply the activation of a neuron: 0 switches it off, 1 restores it. Answered as `TurnKnobs`.

    For an output, its weighted sum is multiplied.
    """

    layer: Annotated[int, Meta(ge=-1, le=1000)]
    """Index of the layer, from 0; -1 stands for the inputs."""
    neuron: Count
    """Index of the neuron, from 0."""
    factor: Number
    """The factor."""
    gesture: Count
    """As for `TurnKnobs`."""


class ScaleLayer(Request):
    """Multiply the activations of a layer; 0 switches the layer off. Answered as `TurnKnobs`."""

    layer: Annotated[int, Meta(ge=-1, le=1000)]
    """Index of the layer, from 0; -1 stands for the inputs."""
    factor: Number
    """The factor."""
    gesture: Count
    """As for `TurnKnobs`."""


class SetGreyLevels(Request):
    """Round every pixel that the network reads to one of some grey levels. Answered as `TurnKnobs`.

    That holds for the present picture and for the held-out images; training uses images as they are.
    """

    levels: Annotated[int, Meta(ge=2, le=256)] | None
    """Number of evenly spaced levels from paper to full ink; None for pixels as they are."""
    gesture: Count
    """As for `TurnKnobs`."""


class AddNoise(Request):
    """Add normal noise to weights and biases. Answered as `TurnKnobs`."""

    layer: LayerNumber | None
    """The layer; None for all layers."""
    spread: Annotated[float, Meta(ge=0.0, le=100.0)]
    """Standard deviation of the noise, relative to that of the layer's weights."""
    seed: Seed
    """Seed of the noise."""
    gesture: Count
    """As for `TurnKnobs`; within a gesture, new noise replaces the earlier noise."""


class UndoTurn(Request):
    """Undo the last change. Answered as `TurnKnobs`."""


class RedoTurn(Request):
    """Redo the last change that was undone. Answered as `TurnKnobs`."""


class GoToChange(Request):
    """Undo or redo until so many changes are in effect. Answered as `TurnKnobs`."""

    position: Count
    """Number of `Turned.changes` to be in effect."""


class ResetKnobs(Request):
    """Reset all knobs and switched neurons, as a change that can be undone. Answered as `TurnKnobs`."""

    to: Literal["trained", "initial", "opened"]
    """To their values as loaded or last trained; to the initial values, which the network's seed determines; or as the
    network came here, before any training."""


# Learn.


class SetUp(Request):
    """Make a new network and a training run. Answered by `Network`, `Training` and all that follows from them."""

    plan: LearnPlan
    """The plan."""
    keep_network: bool = False
    """Train the present network further; its layers must be those of the plan."""


class OpenRun(Request):
    """Use a network that was trained here and kept. Answered by `Network` and all that follows from it."""

    run: Name
    """Its identity."""


class RenameRun(Request):
    """Give a kept network another name. Answered by `Runs`."""

    run: Name
    """Its identity."""
    name: Name
    """The name."""


class DeleteRun(Request):
    """Delete a kept network from this machine. Answered by `Runs`."""

    run: Name
    """Its identity."""


class FetchData(Request):
    """Download a data set. Answered by `DataSets`, repeatedly, until the download ends.

    This is the only request for which the server contacts another machine.
    """

    name: Name
    """Name of one of `DataSets.choices`."""


class Train(Request):
    """Start training. Answered by `Training`, then `Picture` up to 60 times a second, `EpochDone` and `Examined`."""


class Pause(Request):
    """Pause training after the present mini-batches. Answered by `Training`."""


class StepBatches(Request):
    """Train a few mini-batches, then pause. Answered by `Training` and `Picture`."""

    count: Annotated[int, Meta(ge=1, le=1000)] = 1
    """Number of mini-batches."""


class RunToEpoch(Request):
    """Train to the end of the epoch, then pause. Answered as `Train`."""


class SetPace(Request):
    """Set the pace of training. Answered by `Training`."""

    batches_per_second: Annotated[float, Meta(gt=0.0, le=1e6)] | None
    """Most mini-batches per second; None for full speed."""


class SetRate(Request):
    """Set the learning rate, also during training. Answered by `Training`."""

    learning_rate: Annotated[float, Meta(gt=0.0, le=1e6)]
    """Learning rate of the steps to come."""


class GoToStep(Request):
    """Restore an earlier or later step of the run, bit for bit. Answered by `Training` and `Picture`."""

    step: Count
    """Number of mini-batches since the start, from `Training.first_step` to `Training.last_step`."""
    scrubbing: bool = False
    """True while the pointer moves: `Judged`, `Health` and `Examined`, which take long, are then not sent."""


class AskCurves(Request):
    """Ask for the whole history, to draw the curves again. Answered by `Curves`."""

    count: Annotated[int, Meta(ge=10, le=4000)] = 1000
    """Most points to send, about."""


class NextPicture(Request):
    """Ask for another picture, after the page has drawn the last. Answered by `Picture`, once training continues."""


class AskExamined(Request):
    """Ask for the mistakes of the present network. Answered by `Examined`, or for values by `Predicted`."""


class AskLossPlane(Request):
    """Ask for the loss around the path of training. Answered by `LossPlane`."""

    side: Annotated[int, Meta(ge=5, le=61)] = 25
    """Points along each axis of the grid."""
    images: Annotated[int, Meta(ge=100, le=60_000)] = 2000
    """Most training images for each loss."""
    margin: Annotated[float, Meta(ge=0.05, le=5.0)] = 0.3
    """Distance by which the grid exceeds the path, relative to the extent of the path."""


# Nudge.


class AskNudges(Request):
    """Ask for backpropagation of the present picture. Answered by `Nudges`."""

    label: Count | None = None
    """The target class; by default the label of the example."""
    values: Annotated[list[Number], Meta(min_length=1, max_length=1024)] | None = None
    """The target values, (K,); by default those of the example."""
    loss: Loss | None = None
    """By default that of the network."""


class AskBatchNudges(Request):
    """Ask for the gradient averaged over a mini-batch. Answered by `BatchNudges`."""

    part: Part
    """Part of the data set."""
    indices: Annotated[list[Count], Meta(min_length=1, max_length=1024)]
    """Indices of the images, (n,)."""
    knob: Knob | None = None
    """A knob for which the nudge by each image is sent too."""
    loss: Loss | None = None
    """By default that of the network."""


class CheckNudge(Request):
    """Check one gradient of the last `Nudges` by a finite difference. Answered by `Checked`."""

    kind: Literal["parameter", "activation", "input"]
    """Kind of number by which the cost is differentiated."""
    knob: Knob = 0
    """Index of the weight or bias; parameter only."""
    layer: LayerNumber = 0
    """The layer; activation only."""
    neuron: Count = 0
    """The neuron of that layer; or the pixel or feature, input only."""


class TakeStep(Request):
    """Take a step along the gradient of the last `Nudges` or `BatchNudges`: ``p -= rate * gradient``.

    Answered by `Stepped` and as `TurnKnobs`.
    """

    of: Literal["example", "batch"]
    """Whose gradient: that of the picture or that of the mini-batch."""
    learning_rate: Annotated[float, Meta(gt=0.0, le=1e6)]
    """Learning rate."""
