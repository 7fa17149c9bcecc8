"""What the page asks for. Every request has a number of the page's own, which the answers repeat."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pellucid.studio.parts import (
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

LayerNumber = Annotated[int, Meta(ge=0, le=1000)]
"""A layer, from 0."""


def _tag(name: str) -> str:
    return name[0].lower() + name[1:]


class Request(Shared, tag_field="type", tag=_tag):
    """What all requests have."""

    id: Count
    """The page's number for it, counting up; `request` of the events that answer it."""


# Read.


class Pen(Request):
    """The pen moved: put points at the end of a stroke. Answered by `Reading`."""

    stroke: Annotated[int, Meta(ge=0, le=2000)]
    """Which stroke: the last one, or one more than there are, which begins a new one (and forgets undone ones)."""
    points: Annotated[list[Unit], Meta(max_length=2048)]
    """The new points only: x, y, x, y, ... as shares of the pad's side, from its left and top."""
    width: Annotated[float, Meta(ge=0.001, le=0.5)]
    """Of the line, as a share of the pad's side; of a new stroke."""
    erase: bool = False
    """Whether it takes ink away; of a new stroke."""


class UndoStroke(Request):
    """Take back the last stroke. Answered by `Drawing` and `Reading`."""


class RedoStroke(Request):
    """Draw the stroke last taken back again. Answered by `Drawing` and `Reading`."""


class ClearDrawing(Request):
    """Empty the pad; `UndoStroke` brings back what was there. Answered by `Drawing` and `Reading`."""


class SetDrawing(Request):
    """Put a whole drawing on the pad. Answered by `Drawing` and `Reading`."""

    strokes: Annotated[list[Stroke], Meta(max_length=500)]
    """In the order in which they were drawn."""


class OpenExample(Request):
    """Read an image of the data set instead of the pad. Answered by `Drawing` and `Reading`."""

    part: Part
    """Where it is."""
    index: Count
    """Which, from 0."""


class OpenPixels(Request):
    """Read these pixels as they are. Answered by `Drawing` and `Reading`."""

    pixels: Annotated[list[Unit], Meta(min_length=784, max_length=784)]
    """(784,) row by row, 0 paper to 1 full ink."""


class SetCentring(Request):
    """Switch steps of the centring, and whether their pictures are sent. Answered by `Reading`."""

    centring: Centring
    """The steps."""
    pictures: bool
    """Whether `Reading.steps` is filled in."""


class AskVotes(Request):
    """Who voted for what a neuron says of the present picture? Answered by `Votes`."""

    layer: LayerNumber
    """From 0."""
    neuron: Count
    """From 0."""


class BrowseExamples(Request):
    """A page of the data set's images. Answered by `Examples`."""

    part: Part
    """Where to look."""
    begin: Count
    """How many that fit to leave out."""
    count: Annotated[int, Meta(ge=1, le=200)]
    """How many to send, at most."""
    label: int | None = None
    """Only those of this class."""
    reading: int | None = None
    """Only those that the network reads as this class."""
    wrong: bool = False
    """Only those that the network reads wrong."""


class LoadNetwork(Request):
    """Take up a shipped network. Answered by `Network` and all that follows from it."""

    name: Name
    """One of `Welcome.networks`."""


# Turn.


class TurnKnobs(Request):
    """Set weights and biases. Answered by `Turned`, `Reading` and, a little later, `Judged`."""

    knobs: Annotated[list[Knob], Meta(min_length=1, max_length=100_000)]
    """Which, (n,)."""
    values: Annotated[list[Number], Meta(min_length=1, max_length=100_000)]
    """Their new values, (n,)."""
    gesture: Count
    """Turns with the same number, one after another, are undone as one, whichever knobs they turn."""


class FindKnobs(Request):
    """Knobs by name. Answered by `Knobs`."""

    query: Name
    """Beginning or part of a name, such as "layers[0].weight[3, 120]", "bias 2" or "0 3 120"."""
    count: Annotated[int, Meta(ge=1, le=100)] = 20
    """How many to send, at most."""


class SweepKnob(Request):
    """The loss and accuracy for a range of values of one knob, which stays as it is. Answered by `Swept`."""

    knob: Knob
    """Which."""
    low: Number
    """First value."""
    high: Number
    """Last value."""
    count: Annotated[int, Meta(ge=2, le=65)]
    """How many values, evenly spaced."""


class ScaleNeuron(Request):
    """Multiply what a neuron hands on: 0 switches it off, 1 restores it. Answered as `TurnKnobs`.

    A hidden neuron's or pixel's activation is multiplied; of the last layer, the weighted sum.
    """

    layer: Annotated[int, Meta(ge=-1, le=1000)]
    """From 0; -1 stands for the inputs."""
    neuron: Count
    """From 0."""
    factor: Number
    """What to multiply by."""
    gesture: Count
    """As in `TurnKnobs`."""


class ScaleLayer(Request):
    """Multiply what all neurons of a layer hand on; 0 zeroes the layer. Answered as `TurnKnobs`."""

    layer: Annotated[int, Meta(ge=-1, le=1000)]
    """From 0; -1 stands for the inputs."""
    factor: Number
    """What to multiply by."""
    gesture: Count
    """As in `TurnKnobs`."""


class AddNoise(Request):
    """Add normal noise to weights and biases. Answered as `TurnKnobs`."""

    layer: LayerNumber | None
    """Which layer; None for all."""
    spread: Annotated[float, Meta(ge=0.0, le=100.0)]
    """Standard deviation, as a share of that of the layer's weights."""
    seed: Seed
    """Draws the noise."""
    gesture: Count
    """As in `TurnKnobs`: within a gesture the noise replaces that of before."""


class UndoTurn(Request):
    """Take back the last change. Answered as `TurnKnobs`."""


class RedoTurn(Request):
    """Make the change last taken back again. Answered as `TurnKnobs`."""


class GoToChange(Request):
    """Undo or redo until so many changes stand. Answered as `TurnKnobs`."""

    position: Count
    """How many of `Turned.changes` shall stand."""


class ResetKnobs(Request):
    """Set all knobs back, switched neurons too; that is a change and can be undone. Answered as `TurnKnobs`."""

    to: Literal["trained", "initial"]
    """As they were loaded or last trained, or as the network's seed drew them: the same every time."""


# Learn.


class SetUp(Request):
    """Make a new network and a training run for it. Answered by `Network`, `Training` and what follows from them."""

    plan: LearnPlan
    """All of it."""
    keep_network: bool = False
    """Go on with the present network's parameters, whose layers the plan must then have."""


class FetchData(Request):
    """Download a data set that is not on this machine. Answered by `DataSets`, over and over until it is here.

    It is the only request for which the server asks another machine.
    """

    name: Name
    """One of `DataSets.choices`."""


class Train(Request):
    """Let training run. Answered by `Training`, then `Picture` up to 60 times a second, `EpochDone`, `Examined`."""


class Pause(Request):
    """Stop after the mini-batches under way. Answered by `Training`."""


class StepBatches(Request):
    """Take mini-batches one by one, then pause. Answered by `Training` and `Picture`."""

    count: Annotated[int, Meta(ge=1, le=1000)] = 1
    """How many."""


class RunToEpoch(Request):
    """Train until the epoch is over, then pause. Answered as `Train`."""


class SetPace(Request):
    """How fast to go. Answered by `Training`."""

    batches_per_second: Annotated[float, Meta(gt=0.0, le=1e6)] | None
    """At most so many mini-batches a second; None for full speed."""


class SetRate(Request):
    """Another learning rate, also while training runs. Answered by `Training`."""

    learning_rate: Annotated[float, Meta(gt=0.0, le=1e6)]
    """Of the steps to come."""


class GoToStep(Request):
    """Go back or forth in time to a step there has been: the same bits as then. Answered by `Training`, `Picture`."""

    step: Count
    """Mini-batches done since the start, from 0 to `Training.last_step`."""
    scrubbing: bool = False
    """True while the pointer still moves: what takes long (`Judged`, `Health`) is then left for later."""


class AskCurves(Request):
    """The whole history once more, to draw the curves anew. Answered by `Curves`."""

    count: Annotated[int, Meta(ge=10, le=4000)] = 1000
    """About how many points to send, at most."""


class NextPicture(Request):
    """The page has drawn the last picture and has time for another. Answered by `Picture`, once training goes on."""


class AskExamined(Request):
    """Confusion matrix and wrongly read images of the network as it stands. Answered by `Examined`."""


class AskLossPlane(Request):
    """The loss around the path of training. Answered by `LossPlane`."""

    side: Annotated[int, Meta(ge=5, le=61)] = 25
    """Points along each axis of the grid."""
    images: Annotated[int, Meta(ge=100, le=60_000)] = 2000
    """Training images over which each loss is taken, at most."""
    margin: Annotated[float, Meta(ge=0.05, le=5.0)] = 0.3
    """How far the grid goes past the path, as a share of the path's extent."""


# Nudge.


class AskNudges(Request):
    """Backpropagation of the present picture. Answered by `Nudges`."""

    label: Count | None = None
    """The class that is wanted; by default the example's own label."""
    loss: Loss | None = None
    """By default the network's."""


class AskBatchNudges(Request):
    """The gradient averaged over a mini-batch. Answered by `BatchNudges`."""

    part: Part
    """Where the images come from."""
    indices: Annotated[list[Count], Meta(min_length=1, max_length=1024)]
    """Which, (n,)."""
    knob: Knob | None = None
    """A knob whose wish by each of the images is wanted too."""
    loss: Loss | None = None
    """By default the network's."""


class CheckNudge(Request):
    """Check one number of the last `Nudges` by a finite difference. Answered by `Checked`."""

    kind: Literal["parameter", "activation", "input"]
    """What the cost is differentiated by."""
    knob: Knob = 0
    """The weight or bias: parameter only."""
    layer: LayerNumber = 0
    """The layer: activation only."""
    neuron: Count = 0
    """The neuron of that layer, or the pixel."""


class TakeStep(Request):
    """Take the step that the last `Nudges` or `BatchNudges` asks for: ``p -= rate * gradient``.

    Answered by `Stepped` and as `TurnKnobs`.
    """

    of: Literal["example", "batch"]
    """Which of the two."""
    learning_rate: Annotated[float, Meta(gt=0.0, le=1e6)]
    """The rate."""
