"""The utterance that is watched during training, and the unit whose values are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.layers.recurrent import Recurrent
from pellucid.network.network import Network
from pellucid.speech.features import powers
from pellucid.speech.lexicon import CLASSES, spelling
from pellucid.studio.state.embedded_voices import spoken_by
from pellucid.studio.state.spoken_sets import seen

Floats = npt.NDArray[np.float32]

_PAUSE = 0.12


@dataclass(eq=False)
class Watched:
    """An utterance by an embedded voice.

    Attributes
    ----------
    voice : str
    digits : list of int
        What is said.
    samples : ndarray (n,)
    power : ndarray (T, BANDS)
    frames : ndarray (steps, INPUTS)
        What a network takes.
    target : list of int, or int
        The numbers of its sounds; for a network of digits the last of them.
    layer, unit : int
        A unit of a recurrent layer.
    """

    voice: str
    digits: list[int]
    samples: Floats
    power: Floats
    frames: Floats
    target: Any
    layer: int = 0
    unit: int = 0

    @classmethod
    def of(cls, voice: str, digits: Sequence[int], *, spells: bool) -> Watched:
        """Let a voice say digits.

        Raises
        ------
        RefusedError
            If there is no such voice.
        """
        samples = spoken_by(voice, digits, _PAUSE)
        power = powers(samples)
        target: Any = np.asarray(spelling(list(digits)), np.int64) if spells else int(digits[-1])
        return cls(voice, list(digits), samples, power, seen(power), target)

    @property
    def sounds(self) -> list[str]:
        """What is said, in sounds."""
        return [CLASSES[number] for number in spelling(self.digits)]

    def unit_of(self, net: Network) -> None:
        """Keep to the units that a network has."""
        layer: Any = net.layers[self.layer] if self.layer < len(net.layers) else None
        if not isinstance(layer, Recurrent) or self.unit >= layer.out_features:
            self.layer = next(at for at, each in enumerate(net.layers) if isinstance(each, Recurrent))
            self.unit = 0
