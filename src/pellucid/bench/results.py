"""What was measured: each entrant's times for a work, and the ratios to the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Entry:
    """One entrant's times for one work.

    Attributes
    ----------
    peer, variant, version
        Who it was.
    images
        Images in one run; fewer than the work's where the peer's epoch was cut.
    seconds
        Of each round.
    ratios
        Its seconds an image over those of the baseline, round by round; above 1 the baseline is faster.
    warm_up
        Seconds of preparing, compiling and the first run, none of which is in `seconds`.
    loss
        Mean training loss of the epoch; None for reading, or where it is not finite.
    difference
        From the baseline on the same images: of the loss, relative; of the probabilities, the largest. None where
        it is not finite.
    agrees
        Whether that difference is within tolerance: a thousandth of the loss, 0.001 of a probability.
    threads
        How many it was given; None: all.
    """

    peer: str
    variant: str
    version: str
    images: int
    seconds: list[float]
    ratios: list[float]
    warm_up: float
    loss: float | None
    difference: float | None
    agrees: bool
    threads: int | None

    @property
    def label(self) -> str:
        """The peer and its variant."""
        return f"{self.peer}, {self.variant}" if self.variant else self.peer

    @property
    def images_per_second(self) -> float:
        """Of the median round."""
        return self.images / median(self.seconds)

    @property
    def ratio(self) -> float:
        """How many times faster the baseline is: the median of the rounds."""
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest ratio of a round."""
        return min(self.ratios), max(self.ratios)


@dataclass(frozen=True)
class Result:
    """All entrants' times for one work.

    Attributes
    ----------
    work
        Its name.
    training
        Whether it trains.
    images, layers, batch_size
        Of the work; no batch size for reading.
    baseline
        The peer that ratios refer to.
    entries
        In the order given.
    skipped
        Entrants without times, and why.
    network
        Kind of network.
    frames
        Of each sequence, where sequences are learnt; then ``images`` counts these, and ``layers`` are the features of a
        frame, the LSTM's units and the classes.
    """

    work: str
    training: bool
    images: int
    layers: tuple[int, ...]
    batch_size: int | None
    baseline: str
    entries: list[Entry]
    skipped: dict[str, str]
    network: str = "dense"
    frames: int | None = None

    def best(self) -> list[Entry]:
        """Return the fastest entry of each peer, in the order given."""
        fastest: dict[str, Entry] = {}
        for entry in self.entries:
            rival = fastest.get(entry.peer)
            if rival is None or entry.images_per_second > rival.images_per_second:
                fastest[entry.peer] = entry
        return list(fastest.values())


@dataclass(frozen=True)
class Variant:
    """Pellucid with one thing changed.

    Attributes
    ----------
    name, than
        What was changed, and from what.
    images
        In one run.
    seconds
        Of each round.
    ratios
        Its seconds over those of what it was changed from, round by round: above 1 it takes longer.
    """

    name: str
    than: str
    images: int
    seconds: list[float]
    ratios: list[float]

    @property
    def ratio(self) -> float:
        """How many times as long it takes: the median of the rounds."""
        return median(self.ratios)
