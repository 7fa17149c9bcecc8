"""The requests and events of the room Map: the data at every layer, true neighbours, and what lies in a lasso."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pellucid.studio.protocol.events import Event
from pellucid.studio.protocol.parts import Count, Floats, Seed, Shared
from pellucid.studio.protocol.requests import Request

MOST = 10_000
"""Most images of a map."""

Column = Annotated[int, Meta(ge=0, le=1000)]
"""Where on the way through the network: 0 for the pixels, then the layers."""


class AskMap(Request):
    """Ask for held-out images at every layer. Answered by `Map`."""

    count: Annotated[int, Meta(ge=20, le=MOST)] = 2000
    """Most images."""
    seed: Seed = 0
    """Draws the images."""
    brief: bool = False
    """Whether to leave out the share of neighbours, which takes longest: while the network changes."""


class AskMapOwn(Request):
    """Ask where the present picture lies. Answered by `MapOwn`."""


class AskNeighbours(Request):
    """Ask for the true neighbours of an image, or of the present picture. Answered by `Neighbours`."""

    column: Column
    """In which layer's space."""
    position: Count | None = None
    """Number of the image in the map; None for the present picture."""
    count: Annotated[int, Meta(ge=1, le=50)] = 8
    """Most neighbours."""


class AskLasso(Request):
    """Ask what lies in a lasso. Answered by `Lasso`."""

    column: Column
    """The layer whose map was shown."""
    positions: Annotated[list[Count], Meta(max_length=MOST)]
    """Numbers of the images in the lasso."""


class MapColumn(Shared):
    """The images at one layer, seen along two axes."""

    name: str
    """Its name, such as "pixels" or "hidden layer 1"."""
    size: Count
    """Number of its dimensions."""
    variance: float
    """The share of the variance that the two axes hold."""
    kept: float | None
    """The share of the ten true nearest neighbours that are among the ten nearest on the map; None if not asked."""
    points: Floats
    """x and y of each image, (N, 2): their mean is 0, and their mean squared distance from it is 1."""


class Map(Event):
    """Held-out images at every layer."""

    version: Count
    """Version of the network."""
    step: Count | None
    """Mini-batches of its training here; None before any."""
    seed: Seed
    """The seed that drew the images."""
    total: Count
    """Held-out images there are."""
    queries: Count
    """Images whose neighbours were compared."""
    indices: Floats
    """Indices of the images in the held-out data, (N,)."""
    labels: Floats
    """Their classes, (N,)."""
    readings: Floats
    """The classes that the network reads, (N,)."""
    columns: list[MapColumn]
    """The pixels, then every layer."""
    seconds: float
    """Processor time that it took, beside training."""


class MapOwn(Event):
    """Where the present picture lies on each map."""

    version: Count
    """Version of the network that the map belongs to."""
    points: Floats
    """x and y in each column, (C, 2)."""


class Neighbours(Event):
    """The nearest images in the space of a layer."""

    version: Count
    """Version of the network that the map belongs to."""
    column: Count
    """In which layer's space."""
    position: Count | None
    """The image in question; None for the present picture."""
    positions: list[Count]
    """The nearest images, nearest first, by their numbers in the map."""
    distances: Floats
    """Their Euclidean distances in that space, (n,)."""
    pixels: Floats
    """The image in question and the nearest ones, (n + 1, D), 0 to 1."""


class Lasso(Event):
    """What lies in a lasso."""

    version: Count
    """Version of the network that the map belongs to."""
    column: Count
    """The layer whose map was shown."""
    selected: Count
    """Images in it."""
    by_class: list[Count]
    """How many of each class."""
    wrong: Count
    """Those that the network misreads."""
    positions: list[Count]
    """The first misread ones, by their numbers in the map."""
    pixels: Floats
    """Their pictures, (n, D), 0 to 1."""
