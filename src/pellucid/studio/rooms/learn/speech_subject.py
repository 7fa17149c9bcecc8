"""A network of spoken digits under a plan, with its utterances and the one that is watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.layers.recurrent import Recurrent
from pellucid.models.spoken_digits import priors
from pellucid.network.network import Network
from pellucid.studio.protocol.parts import LearnPlan
from pellucid.studio.rooms.learn.watched import Watched
from pellucid.studio.state.plans import NEW
from pellucid.studio.state.spoken_plans import RECURRENT
from pellucid.studio.state.spoken_sets import Utterances

PRIOR_SHARE = 0.3
"""How far the recogniser divides by the priors; see `pellucid.speech.recognizer.Recognizer.logs`."""

_LEAST_PRIOR = 1e-6
_PRIOR_UTTERANCES = 300


@dataclass(eq=False)
class SpeechSubject:
    """What is trained on speech.

    Attributes
    ----------
    plan : LearnPlan
        With the first learning rate.
    net : Network
    title : str
        Name of the network.
    utterances : Utterances
    watched : Watched
    """

    plan: LearnPlan
    net: Network
    title: str
    utterances: Utterances
    watched: Watched

    @property
    def spells(self) -> bool:
        """Whether its outputs are sounds at every step."""
        return self.plan.loss == "ctc"

    @property
    def kept_name(self) -> str:
        """The name under which what it becomes is kept."""
        if self.title != NEW:
            return f"{self.title}, trained further"[:200]
        units = []
        for layer in self.plan.layers:
            kind = f"{layer.kind.upper()} " if layer.kind in RECURRENT else ""
            units.append(f"{kind}{layer.size}{' both ways' if layer.bidirectional else ''}")
        return f"{', '.join(units)} on {self.plan.data}"[:200]

    def at_every_step(self) -> Network:
        """Return the network with an output at every step: itself, or a twin with the same parameters."""
        if self.spells:
            return self.net
        layers = []
        for layer in self.net.layers:
            kind: Any = type(layer)
            own = layer.configuration()
            layers.append(kind(**own | ({"outputs": "frames"} if isinstance(layer, Recurrent) else {})))
        twin = Network(layers, input_shape=self.net.input_shape, classes=self.net.classes, draw=False)
        twin.parameters[...] = self.net.parameters
        return twin

    def hearing(self) -> Network:
        """Return a copy of the network; for sounds with their priors, by which the recogniser divides."""
        net = self.net.copy()
        if self.spells:
            found = priors(net, self.utterances.train, _as_it_is, most=_PRIOR_UTTERANCES)
            above = [max(share, _LEAST_PRIOR) for share in found]
            net.record["hearing"] = {"priors": above, "prior_share": PRIOR_SHARE}
        return net


def _as_it_is(frames: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    return frames
