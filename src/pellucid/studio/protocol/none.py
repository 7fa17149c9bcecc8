"""The requests and events of the room None of these: how sure the network is of what is no digit, and of digits."""

from __future__ import annotations

from typing import Literal

from pellucid.studio.protocol.events import Event
from pellucid.studio.protocol.parts import Count, Floats, Name, Number, Shared
from pellucid.studio.protocol.requests import Request

Measure = Literal["output", "both", "likeness"]
"""A measure of certainty: the largest output; what two networks say together; how like the training images it is."""


class AskSureness(Request):
    """Ask how sure the readings of test images and of strangers are. Answered by `Sureness`."""

    measure: Measure = "output"
    """The measure."""


class AskOwnSureness(Request):
    """Ask how sure the reading of the present picture is. Answered by `OwnSureness`."""

    measure: Measure = "output"
    """The measure."""


class JudgeThreshold(Request):
    """Ask what a threshold costs. Answered by `ThresholdPrice`."""

    measure: Measure
    """The measure."""
    threshold: Number
    """A reading counts from this certainty on; for likeness, up to this distance."""


class Strangers(Shared):
    """Pictures of one kind that are none of the classes, or not where they belong."""

    kind: Name
    """noise, shuffled, letters, scribbles, shifted or blank."""
    count: Count
    """Pictures that are judged."""
    total: Count
    """Pictures of this kind."""
    values: Floats
    """How sure each reading is, ascending, (count,)."""
    numbers: list[Count]
    """Numbers of the pictures that are shown, those first of which the network is surest, (n,)."""
    readings: list[Count]
    """What the network reads in them, (n,)."""
    sureness: Floats
    """How sure it is, (n,)."""
    pixels: Floats
    """The pictures, (n, D), 0 to 1."""


class KindPrice(Shared):
    """How many pictures of a kind a threshold lets through."""

    kind: Name
    """The kind."""
    told: Count
    """Pictures that are read as one of the classes."""
    count: Count
    """Pictures that were judged."""


class Sureness(Event):
    """How sure the readings of test images and of strangers are."""

    version: Count
    """Version of the network."""
    measure: Measure
    """The measure."""
    measures: list[Measure]
    """The measures that this network and these data have."""
    low: bool
    """Whether low values are sure, as for distances."""
    usual: float
    """The usual threshold."""
    seed: Count
    """Seed of the strangers."""
    kinds: list[Strangers]
    """The strangers by kind."""
    right: Floats
    """The values of the test images that are read right, ascending."""
    wrong: Floats
    """Those of the test images that are misread, ascending."""
    judged: Count
    """Pictures that are judged, strangers and test images together."""
    total: Count
    """Pictures in all. Where more are left, the same request goes on."""


class OwnSureness(Event):
    """How sure the reading of the present picture is."""

    version: Count
    """Version of the network."""
    measure: Measure
    """The measure."""
    value: float
    """How sure."""
    reading: Count
    """The class that the network reads."""


class ThresholdPrice(Event):
    """What a threshold costs, in pictures that are judged."""

    version: Count
    """Version of the network."""
    measure: Measure
    """The measure."""
    threshold: float
    """The threshold."""
    kept: Count
    """Test images read right that count."""
    lost: Count
    """Test images read right that do not."""
    caught: Count
    """Misread test images that do not count."""
    missed: Count
    """Misread test images that do."""
    kinds: list[KindPrice]
    """The strangers by kind."""
