"""The requests and events of the room Race: networks trained in lockstep, from many starts, and at many rates."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from pellucid.studio.protocol.events import Event
from pellucid.studio.protocol.parts import Count, Floats, LayerPlan, Loss, Name, OptimizerPlan, Seed, Shared, Unit
from pellucid.studio.protocol.requests import Request

Start = Literal["usual", "glorot_uniform", "he_normal", "lecun_normal"]
"""How weights are drawn: as is usual for each activation, or in the same way for all, so that layers of the same shape
start from the same bits."""

TrialKind = Literal["starts", "rates"]
"""Many starts at the contestants' own rates, or many learning rates."""


class Contestant(Shared):
    """One of the networks of a race."""

    name: Name
    """Name, such as "sigmoid"."""
    layers: Annotated[list[LayerPlan], Meta(min_length=1, max_length=16)]
    """First layer first; the last layer has one neuron for each class."""
    optimizer: OptimizerPlan
    """Optimiser."""


class RacePlan(Shared):
    """Everything that determines a race on the data set of the session: the same plan gives the same numbers."""

    contestants: Annotated[list[Contestant], Meta(min_length=2, max_length=4)]
    """The networks."""
    loss: Loss
    """Loss to minimise."""
    batch_size: Annotated[int, Meta(ge=1, le=8192)]
    """Images in each mini-batch."""
    epochs: Annotated[int, Meta(ge=1, le=1000)]
    """Length of the race in epochs."""
    seed: Seed
    """Determines the initial weights of all contestants and the order of the images."""
    start: Start = "glorot_uniform"
    """How the weights are drawn."""


class Prediction(Shared):
    """What somebody expects of a race before it starts."""

    winner: Annotated[int, Meta(ge=0, le=3)] | None
    """The contestant with the best accuracy at the end; None where all end alike."""
    curves: Annotated[list[Annotated[list[Unit], Meta(max_length=200)]], Meta(max_length=4)] = field(
        default_factory=list
    )
    """For each contestant its accuracies at evenly spaced times, the last at the end; empty where none was drawn."""


class SetUpRace(Request):
    """Prepare a race. Answered by `Race`, `RaceCurves` and `RaceMoment`."""

    plan: RacePlan
    """The plan."""


class AskRace(Request):
    """Ask for the state of the race. Answered as `SetUpRace` and by `RaceTrials`, as far as there are any."""


class PredictRace(Request):
    """Lock in a prediction, before the first step. Answered by `Race`."""

    prediction: Prediction
    """The prediction."""


class RunRace(Request):
    """Run the race from its last step to the end. Answered by `Race`, then `RaceCurves` and `RaceMoment` repeatedly."""


class PauseRace(Request):
    """Pause the race. Answered as `SetUpRace`."""


class StepRace(Request):
    """Take a few mini-batches, all contestants alike. Answered by `Race`, then `RaceCurves` and `RaceMoment`."""

    count: Annotated[int, Meta(ge=1, le=1000)] = 1
    """Number of mini-batches."""


class GoToRace(Request):
    """Restore a step that was taken, bit for bit. Answered by `Race` and `RaceMoment`."""

    step: Count
    """Number of mini-batches, at most `Race.lastStep`."""


class SetRacePace(Request):
    """Set the pace of the race. Answered by `Race`."""

    batches_per_second: Annotated[float, Meta(gt=0.0, le=1e6)] | None
    """Most mini-batches per second; None for full speed."""


class RunStarts(Request):
    """Train every contestant from many starts. Answered by `RaceTrials`, repeatedly until all are done."""

    starts: Annotated[int, Meta(ge=2, le=200)] = 50
    """Number of starts; the seeds are the race's and those that follow."""
    epochs: Annotated[int, Meta(ge=1, le=100)] = 10
    """Epochs of each training."""


class RunRates(Request):
    """Train every contestant at many learning rates. Answered by `RaceTrials`, repeatedly until all are done."""

    low: Annotated[float, Meta(ge=1e-9, le=1e6)]
    """Lowest rate."""
    high: Annotated[float, Meta(ge=1e-9, le=1e6)]
    """Highest rate."""
    count: Annotated[int, Meta(ge=2, le=100)] = 25
    """Number of rates, evenly spaced on a logarithmic axis."""
    starts: Annotated[int, Meta(ge=1, le=20)] = 1
    """Trainings at each rate."""
    epochs: Annotated[int, Meta(ge=1, le=100)] = 10
    """Epochs of each training."""


class CancelTrials(Request):
    """Stop training from many starts or at many rates; what has ended stays. Answered by `RaceTrials` or `Race`."""


class ContestantState(Shared):
    """A contestant as it is now."""

    parameters: Count
    """Number of weights and biases."""
    same_start: list[bool]
    """For each layer with weights, whether it starts from the bits of that layer of the first contestant."""
    last_step: Count
    """The last step that it has taken: less than that of the race where its loss diverged."""
    trouble: str | None
    """If its loss diverged, a sentence that says so."""


class Outcome(Shared):
    """What became of a prediction."""

    winner: Count | None
    """The contestant with the best accuracy on the held-out examples at the end; None for several."""
    right: bool
    """Whether it was predicted."""
    gaps: list[float | None]
    """For each contestant, how far the accuracy at the end is from the predicted one; None where none was predicted."""


class Race(Event):
    """The state of the race."""

    plan: RacePlan | None
    """The plan; None where no race has been set up."""
    data: str
    """Name of the data set."""
    state: Literal["ready", "running", "paused", "finished"]
    """State."""
    step: Count
    """Mini-batches done at the moment that is shown."""
    last_step: Count
    """The latest step that can be restored."""
    steps: Count
    """Length of the race in mini-batches."""
    steps_per_epoch: Count
    """Mini-batches in an epoch."""
    batches_per_second: float | None
    """Requested pace; None is full speed."""
    contestants: list[ContestantState]
    """The contestants."""
    prediction: Prediction | None
    """The prediction that was locked in."""
    outcome: Outcome | None
    """What became of it, once the race has ended."""


class RaceCurve(Shared):
    """The history of a contestant."""

    steps: Floats
    """Last mini-batch of each point, (n,)."""
    losses: Floats
    """Mean, lowest and highest loss of the mini-batches of each point, before their steps, (n, 3)."""
    accuracies: Floats
    """Accuracy, likewise, (n, 3)."""
    test_losses: Floats
    """Loss on the held-out examples at each of `RaceCurves.recorded`, (r,); NaN where it was out of the race."""
    test_accuracies: Floats
    """Accuracy there, (r,)."""
    gradients: Floats
    """Root mean square of the gradient by the parameters of each layer with weights at the same steps, (r, layers)."""
    dead: Floats
    """Share of the layer's neurons or channels that are dead, likewise."""
    saturated: Floats
    """Share of the layer's neurons or channels that are saturated, likewise."""


class RaceCurves(Event):
    """The history so far, thinned out; it replaces what the page has."""

    recorded: Floats
    """The steps at which the contestants were examined, (r,)."""
    images: Count
    """Number of training examples by which gradients and neurons are examined."""
    tests: Count
    """Number of held-out examples by which loss and accuracy are examined: the first ones."""
    total: Count
    """Held-out examples there are."""
    contestants: list[RaceCurve]
    """The contestants."""


class ContestantMoment(Shared):
    """A contestant at one step."""

    step: Count
    """Its step: that of the race, or its last one where its loss diverged."""
    test_loss: float
    """Loss on the held-out examples."""
    test_accuracy: float
    """Accuracy there."""
    gradients: Floats
    """Root mean square of the gradient by the parameters of each layer with weights, (layers,)."""
    dead: list[list[int]]
    """Dead neurons or channels of each such layer, whose activation is 0 (below 1e-6) for every example."""
    saturated: list[list[int]]
    """Saturated ones (sigmoid, tanh), likewise: slope below 1 % of the steepest for 95 % of the examples."""


class RaceMoment(Event):
    """The contestants at one step, as computed from their parameters there."""

    step: Count
    """The step of the race."""
    contestants: list[ContestantMoment]
    """The contestants."""


class ContestantTrials(Shared):
    """The trainings of one contestant; NaN where they have not ended."""

    rates: Floats
    """The learning rates, (m,)."""
    accuracies: Floats
    """Accuracy on the held-out examples after each epoch, (m, starts, epochs); NaN after the loss diverged."""
    diverged: Floats
    """1 where the loss diverged, otherwise 0, (m, starts)."""


class RaceTrials(Event):
    """Trainings from many starts, or at many rates."""

    kind: TrialKind
    """Which of the two."""
    state: Literal["running", "done", "cancelled"]
    """State."""
    done: Count
    """Trainings that have ended."""
    total: Count
    """All trainings."""
    seconds: float
    """Time since they began."""
    workers: Count
    """Trainings at the same time."""
    plan: RacePlan
    """The race that they belong to."""
    epochs: Count
    """Epochs of each training."""
    starts: Count
    """Trainings at each rate; the seeds are the race's and those that follow."""
    contestants: list[ContestantTrials]
    """The contestants."""
