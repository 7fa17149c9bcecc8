"""Results: the times of each entrant for a workload, and the ratios to the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Entry:
    """The times of one entrant for one workload.

    Attributes
    ----------
    peer, variant, version
        The entrant.
    images
        Images in one run; fewer than in the workload if the peer's epoch was cut.
    seconds
        Of each round.
    ratios
        Its time per image divided by the baseline's, for each round; above 1 the baseline is faster.
    warm_up
        Seconds for preparation, compilation and the first run, which `seconds` excludes.
    loss
        Mean training loss of the epoch; None for inference, or if it is not finite.
    difference
        Difference from the baseline on the same images: relative for the loss, largest for the probabilities. None if
        it is not finite.
    agrees
        Whether that difference is within tolerance: a thousandth of the loss, 0.001 of a probability.
    threads
        Number of threads; None: all.
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
        """Images per second in the median round."""
        return self.images / median(self.seconds)

    @property
    def ratio(self) -> float:
        """The median ratio: how many times faster the baseline is."""
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest ratio of all rounds."""
        return min(self.ratios), max(self.ratios)


@dataclass(frozen=True)
class Result:
    """The times of all entrants for one workload.

    Attributes
    ----------
    work
        Name of the workload.
    training
        Whether it trains.
    images, layers, batch_size
        As in the workload; inference has no batch size.
    baseline
        The peer that ratios refer to.
    entries
        The entries, in the given order.
    skipped
        Entrants without times, and the reasons.
    network
        Kind of network.
    frames
        Frames per sequence, for training on sequences; ``images`` then counts sequences, and ``layers`` are the
        features of a frame, the LSTM's units and the classes.
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
        The change, and the variant that it is compared with.
    images
        Images in one run.
    seconds
        Of each round.
    ratios
        Its time divided by that of the variant it is compared with, for each round; above 1 it takes longer.
    """

    name: str
    than: str
    images: int
    seconds: list[float]
    ratios: list[float]

    @property
    def ratio(self) -> float:
        """The median ratio: how many times as long it takes."""
        return median(self.ratios)
