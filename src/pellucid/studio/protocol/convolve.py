"""The requests and events of the room Convolve: a picture on its way through feature maps, moved and shuffled."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pellucid.studio.protocol.events import Event, LayerReading
from pellucid.studio.protocol.parts import Count, Floats, Name, NetworkInfo, Seed, Shared
from pellucid.studio.protocol.requests import LayerNumber, Request

Shift = Annotated[int, Meta(ge=-64, le=64)]
"""Pixels by which pictures are moved."""


class Changed(Request):
    """Base of the requests about pictures whose pixels are moved: first shifted, then shuffled."""

    subject: Name | None = None
    """A shipped convolutional network: one of `ConvolveSubject.others`; None for the present network."""
    right: Shift = 0
    """Pixels to the right; what leaves the picture is lost, and what comes in is paper."""
    down: Shift = 0
    """Pixels down, likewise."""
    shuffle: Seed | None = None
    """Seed of the order in which all pixels of every picture are rearranged; None to leave them in place."""


class ShowMaps(Changed):
    """Say what the room shows: from then on, `Maps` follows every `Reading`.

    Answered by `ConvolveSubject`, where the room shows another network than before, and by `Maps`.
    """


class HideMaps(Request):
    """Say that the room has been left: no `Maps` any more."""


class AskShiftScores(Changed):
    """Ask how many held-out pictures are read correctly when all are moved alike. Answered by `ShiftScores`."""


class RetrainShuffled(Request):
    """Train new networks on shuffled pictures, and on pictures as they are. Answered by `Retrained`, more than once."""

    shuffle: Seed
    """Seed of the order of the pixels."""


class StudyCell(Request):
    """Ask for the computation of one place of a feature map, for the picture shown. Answered by `Cell`."""

    layer: LayerNumber
    """Index of the layer, from 0: a convolution or pooling."""
    channel: Count
    """Its channel."""
    row: Count
    """Row of the place in the map."""
    column: Count
    """Column of the place in the map."""


class TwinReading(Shared):
    """What the dense network reads in the same picture."""

    outputs: Floats
    """Its outputs, (K,)."""
    order: list[int]
    """The classes, in decreasing order of their outputs."""
    words: str
    """The reading in words; empty where there is no ink."""


class ConvolveSubject(Event):
    """The networks that the room shows."""

    subject: Name | None
    """The shipped network that is shown, or None for the present network."""
    others: list[str]
    """Shipped convolutional networks that can be shown for these data."""
    network: NetworkInfo
    """The convolutional network."""
    trained: str
    """What it was trained on, in words; empty where that is not recorded."""
    knobs: Floats | None
    """(parameterCount,): its parameters; None for the present network, whose parameters the page has."""
    twin: Name | None
    """The dense network beside it; None where none of the shipped ones takes such pictures."""
    twin_layers: list[Count]
    """Its inputs and the neurons of each of its layers."""
    twin_trained: str
    """What that was trained on."""


class Maps(Event):
    """The picture, moved as the room wishes, in both networks."""

    version: Count
    """Version of the present network; 0 for a shipped one."""
    subject: Name | None
    """The shipped network, or None for the present network."""
    right: int
    """Pixels to the right."""
    down: int
    """Pixels down."""
    shuffle: Seed | None
    """Seed of the order of the pixels; None where they are in place."""
    pixels: Floats
    """The picture, 0 to 1, in the shape of the input."""
    layers: list[LayerReading]
    """All layers of the convolutional network; empty where they are those of the latest `Reading`."""
    order: list[int]
    """The classes, in decreasing order of its outputs."""
    words: str
    """Its reading in words; empty where there is no ink."""
    twin: TwinReading | None
    """The reading of the dense network, where there is one."""


class ShiftScores(Event):
    """How many of the held-out pictures both networks read correctly, all moved alike; neither is trained for it."""

    version: Count
    """Version of the present network; 0 for a shipped one."""
    subject: Name | None
    """The shipped network, or None for the present network."""
    right: int
    """Pixels to the right."""
    down: int
    """Pixels down."""
    shuffle: Seed | None
    """Seed of the order of the pixels; None where they are in place."""
    images: Count
    """Held-out pictures that were read: all of them, or the first ones."""
    accuracy: float
    """Share that the convolutional network reads correctly."""
    twin_accuracy: float | None
    """Share that the dense one does, where there is one."""


class RetrainedNetwork(Shared):
    """A network trained anew, and how well it reads held-out pictures arranged like those it was trained on."""

    name: str
    """Name of its architecture."""
    convolutional: bool
    """Whether it has convolutions."""
    shuffled: bool
    """Whether it was trained, and is tested, on shuffled pictures."""
    accuracy: float
    """Share of the held-out pictures that it reads correctly."""


class Retrained(Event):
    """New networks, all trained by the same recipe; sent after each of them."""

    shuffle: Seed
    """Seed of the order of the pixels."""
    networks: list[RetrainedNetwork]
    """Those trained so far."""
    expected: Count
    """How many there will be."""
    epochs: Count
    """Epochs of each."""
    images: Count
    """Training pictures of each."""
    tests: Count
    """Held-out pictures."""
    recipe: str
    """How they are trained, in words."""


class Cell(Event):
    """The computation of one place of a feature map, as the engine does it."""

    layer: Count
    """Index of the layer."""
    channel: Count
    """Its channel."""
    row: Count
    """Row of the place."""
    column: Count
    """Column of the place."""
    inputs: Floats
    """What lies under the filter or the pooling window, (C, height, width); C is 1 for pooling."""
    weights: Floats
    """The filter, likewise; the weights of a pooling window: 1 for the largest of it, or equal shares."""
    bias: float
    """The bias; 0 for pooling."""
    sum: float
    """z, as the engine computes it."""
    added: float
    """The products and the bias, added up in float64."""
    activation: float
    """a."""
    field: list[Count]
    """The pixels that it depends on: left, top, right, bottom."""
