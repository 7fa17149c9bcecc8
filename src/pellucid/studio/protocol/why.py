"""The requests and events of the room Why misread: who voted, and the smallest change that mends the reading."""

from __future__ import annotations

from pellucid.studio.protocol.events import Event
from pellucid.studio.protocol.parts import Count, Floats, Stroke
from pellucid.studio.protocol.requests import Request


class AboutLabel(Request):
    """Base of the requests about what the present picture should have been read as."""

    label: Count
    """The class that it should have been."""


class AskMisreading(AboutLabel):
    """Ask who voted for the present reading. Answered by `Misreading`."""

    brief: bool = False
    """Whether a shorter sum will do where the whole one takes long, since the picture is still changing."""


class AskRepair(AboutLabel):
    """Ask for the smallest change of the drawing that mends its reading. Answered by `Repaired`."""


class ApplyRepair(AboutLabel):
    """Draw the strokes of the last `Repaired` for this class. Answered by `Drawing` and `Reading`."""


class Misreading(Event):
    """Who voted for each output, for the present picture."""

    version: Count
    """Version of the network."""
    label: Count
    """The class that it should have been."""
    reading: Count
    """The class that the network reads."""
    sums: Floats
    """z of each output, (K,)."""
    outputs: Floats
    """a of each output, (K,)."""
    terms: Floats
    """w a of each neuron of the previous layer, (K, J); with the biases they add up to z."""
    biases: Floats
    """b of each output, (K,)."""
    ranking: list[Count]
    """The neurons of the previous layer, those first that favour the reading most over the class."""
    pixels: Floats
    """What each pixel contributes to z of the reading, and of the class, on the way from an empty picture to this one,
    (2, D)."""
    rest: Floats
    """These two z of an empty picture, (2,)."""
    missing: Floats
    """What rest and pixels leave out of them, since the way has finitely many steps, (2,)."""
    steps: Count
    """The steps of the way."""
    brief: bool
    """Whether they are fewer than for a picture at rest."""


class Repaired(Event):
    """The smallest change of the drawing that was found."""

    version: Count
    """Version of the network."""
    label: Count
    """The class that the drawing should be read as."""
    mended: bool
    """Whether the changed drawing is read as that."""
    strokes: list[Stroke]
    """What is added and what is removed."""
    before: Floats
    """The outputs for the drawing, (K,)."""
    after: Floats
    """The outputs for the changed drawing, (K,)."""
    ink: Floats
    """The ink of the drawing, (H, W)."""
    changed_ink: Floats
    """The ink of the changed drawing, (H, W)."""
    pixels: Floats
    """What the network reads of the changed drawing, (D,), 0 to 1."""
    changed: float
    """The change of ink, as a share of all ink of the drawing."""
    readings: Count
    """How many changed drawings were read in the search."""
    method: str
    """How it was found, in one sentence."""
