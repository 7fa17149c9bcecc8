"""Recorded words, the parts of utterances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Words:
    """Recorded words as power in mel bands at each of `WARPS`, with their labels and speakers."""

    def __init__(
        self, powers: Sequence[list[Floats]], labels: npt.NDArray[np.int64], speakers: npt.NDArray[np.str_]
    ) -> None:
        self.powers, self.labels, self.speakers = list(powers), labels, speakers
        digits = labels >= 0
        self.others = np.flatnonzero(~digits)
        self.by_speaker = {name: np.flatnonzero(digits & (speakers == name)) for name in sorted(set(speakers.tolist()))}

    def __len__(self) -> int:
        return len(self.powers)

    def __getitem__(self, chosen: npt.NDArray[np.bool_]) -> Words:
        """Return the words that a mask selects."""
        powers = [self.powers[number] for number in np.flatnonzero(chosen)]
        return Words(powers, self.labels[chosen], self.speakers[chosen])

    def __add__(self, other: Words) -> Words:
        """Return the words of both."""
        return Words(
            self.powers + other.powers,
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.speakers, other.speakers]),
        )
