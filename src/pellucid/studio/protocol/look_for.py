"""The requests and events of the room Look for: what excites a neuron."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pellucid.studio.protocol.events import Event
from pellucid.studio.protocol.parts import Count, Floats, Name, Shared
from pellucid.studio.protocol.requests import LayerNumber, Request


class AboutNeuron(Request):
    """Base of the requests about one neuron."""

    layer: LayerNumber
    """Index of the layer, from 0."""
    neuron: Count
    """Index of the neuron or channel, from 0."""
    subject: Name | None = None
    """A shipped network: one of `LookSubject.others`; None for the present network."""
    twin: bool = False
    """Whether to ask about the untrained twin: the same network with the weights that its seed draws."""


class AskSubject(Request):
    """Ask for the layers whose neurons can be looked at. Answered by `LookSubject`."""

    subject: Name | None = None
    """A shipped network: one of `LookSubject.others`; None for the present network."""


class AskNeuron(AboutNeuron):
    """Ask which images excite a neuron most and least. Answered by `NeuronResponse`."""

    count: Annotated[int, Meta(ge=1, le=64)] = 12
    """Most images of each kind to send."""
    members: Annotated[list[Count], Meta(max_length=1000)] | None = None
    """Classes, such as the digits with a loop: `NeuronResponse.member_auc` says how well it tells them from others."""


class AskMaximum(AboutNeuron):
    """Ask for the picture that excites a neuron most. Answered by `NeuronMaximum`."""


class AskExcitement(AboutNeuron):
    """Ask how much the present picture excites a neuron. Answered by `Excitement`."""


class AskPair(AboutNeuron):
    """Ask for a round of the quiz. Answered by `Pair`."""


class AnswerPair(Request):
    """Say which image of a pair excites the neuron more. Answered by `PairAnswered`."""

    round: Count
    """`Pair.round`."""
    choice: Annotated[int, Meta(ge=0, le=1)]
    """0 for the first image, 1 for the second."""


class LookLayer(Shared):
    """A layer with neurons or channels."""

    layer: Count
    """Its index in the network, from 0."""
    name: str
    """Its name, such as "hidden layer 1" or "layer 3, 2d convolution"."""
    equation: str
    """What it computes, in one line."""
    neurons: Count
    """Number of its neurons or channels."""
    map: list[Count] | None
    """Height and width of its feature maps; None for neurons."""
    names: list[str] | None
    """Names of its neurons, for the output layer; otherwise they are numbered."""


class Score(Shared):
    """Rounds of the quiz."""

    right: Count
    """Rounds answered right."""
    rounds: Count
    """Rounds answered."""


class Exciting(Shared):
    """Images of the held-out data in the order of how much they excite a neuron."""

    indices: list[int]
    """Their indices, (n,)."""
    labels: list[int]
    """Their classes, (n,)."""
    excitations: Floats
    """z of each, (n,); for a channel the largest in its feature map."""
    activations: Floats
    """a of each, (n,)."""
    pixels: Floats
    """(n, D), 0 to 1."""
    fields: list[list[int]] | None
    """For channels, what the strongest place of the map sees in each: left, top, right, bottom, in pixels."""


class ByClass(Shared):
    """The distribution of a neuron's values over the held-out images of each class."""

    edges: Floats
    """Edges of the bins, (bins + 1,)."""
    counts: Floats
    """Images of each class in each bin, (classes, bins)."""
    quantiles: Floats
    """The quantiles 0, 5, 25, 50, 75, 95 and 100 % of each class, (classes, 7); NaN for a class without images."""


class LookSubject(Event):
    """The network whose neurons are looked at."""

    subject: Name | None
    """A shipped network, or None for the present network."""
    version: Count
    """Version of the present network; 0 for a shipped one."""
    others: list[str]
    """Shipped networks that can be looked at here beside the present one, such as convolutional ones."""
    input_shape: list[Count]
    """Shape of the input."""
    classes: list[str]
    """Names of the classes."""
    layers: list[LookLayer]
    """The layers with neurons or channels."""


class AboutResponse(Event):
    """Base of the events about one neuron; its fields are those of the request."""

    version: Count
    """Version of the present network; 0 for a shipped one."""
    subject: Name | None
    """The shipped network, or None for the present network."""
    layer: Count
    """Index of the layer."""
    neuron: Count
    """Index of the neuron or channel."""
    twin: bool
    """Whether it is the untrained twin's."""


class NeuronResponse(AboutResponse):
    """What excites a neuron among the held-out images."""

    images: Count
    """Number of images looked through."""
    most: Exciting
    """Those that excite it most, the strongest first."""
    least: Exciting
    """Those that excite it least, the weakest first."""
    excitations: ByClass
    """z by class."""
    activations: ByClass
    """a by class."""
    percentiles: Floats
    """The z that 0, 1, 2, ... 100 % of the images stay at or below, (101,)."""
    aucs: list[float | None]
    """How well z tells each class from all others: the area under the ROC curve; None without such images."""
    member_auc: float | None
    """The same for the classes that were asked for together."""
    score: Score
    """The quiz for this neuron so far."""


class NeuronMaximum(AboutResponse):
    """The picture that excites a neuron most."""

    pixels: Floats
    """(D,), 0 to 1."""
    excitation: float
    """z there, as the engine computes it."""
    activation: float
    """a there."""
    rest: float
    """z of an empty picture."""
    exact: bool
    """Whether no picture excites it more."""
    method: str
    """How it was found, in one sentence."""
    starts: Floats
    """z that each start of the ascent reached; empty where it is exact."""
    strongest: float
    """z of the held-out image that excites it most."""
    share: float | None
    """How near that image comes to the maximum, both counted from the empty picture; None where that says nothing."""
    reading: Count
    """The class that the network reads in the maximum."""
    confidence: float
    """The output of that class."""
    never: Floats
    """1 for the pixels that have no ink in any training image, otherwise 0, (D,)."""
    without: float
    """z of the maximum with those pixels empty."""


class Excitement(AboutResponse):
    """How much the present picture excites a neuron."""

    excitation: float
    """z; for a channel the largest in its feature map."""
    activation: float
    """a."""
    field: list[int] | None
    """For a channel, what the strongest place of its map sees: left, top, right, bottom, in pixels."""


class Pair(AboutResponse):
    """Two held-out images that `NeuronResponse` did not show: one of the upper quarter by z, one of the lower."""

    round: Count
    """Number of the round."""
    indices: list[int]
    """Their indices, (2,)."""
    pixels: Floats
    """(2, D), 0 to 1."""


class PairAnswered(AboutResponse):
    """How a round of the quiz ended."""

    round: Count
    """Number of the round."""
    choice: Literal[0, 1]
    """The image that was chosen."""
    right: bool
    """Whether it excites the neuron more."""
    labels: list[int]
    """The classes of the two images."""
    excitations: list[float]
    """z of the two images."""
    activations: list[float]
    """a of the two images."""
    score: Score
    """The quiz for this neuron so far."""
