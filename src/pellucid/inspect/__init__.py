"""Look inside a network: votes, what excites a neuron, ablation, health, mistakes, backpropagation, the loss plane.

Plain functions of a `Network`, which the studio uses too. Every number is the engine's; `pellucid.inspect.reference` is
the whole dense network in a page of NumPy.

>>> import pellucid as pl
>>> net = pl.load("digits-relu")
>>> image, label = pl.data.load("digits").test[0]
>>> votes = pl.inspect.votes(net, image, layer=2, neuron=label)
>>> [int(k) for k in votes.ranking[:3]]        # the neurons of the previous layer with the largest terms
[...]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.inspect.ablation import ablate as ablate
    from pellucid.inspect.ablation import noisy as noisy
    from pellucid.inspect.answering import Answer as Answer
    from pellucid.inspect.answering import answers as answers
    from pellucid.inspect.backward import Backpropagation as Backpropagation
    from pellucid.inspect.backward import Check as Check
    from pellucid.inspect.backward import LayerNudges as LayerNudges
    from pellucid.inspect.backward import backpropagate as backpropagate
    from pellucid.inspect.backward import check_activation as check_activation
    from pellucid.inspect.backward import check_input as check_input
    from pellucid.inspect.backward import check_parameter as check_parameter
    from pellucid.inspect.captions import Stage as Stage
    from pellucid.inspect.captions import stages as stages
    from pellucid.inspect.certainty import Sureness as Sureness
    from pellucid.inspect.certainty import sureness as sureness
    from pellucid.inspect.class_statistics import auc as auc
    from pellucid.inspect.class_statistics import class_auc as class_auc
    from pellucid.inspect.class_statistics import class_histograms as class_histograms
    from pellucid.inspect.class_statistics import class_quantiles as class_quantiles
    from pellucid.inspect.confusion import Mistakes as Mistakes
    from pellucid.inspect.confusion import mistakes as mistakes
    from pellucid.inspect.excitation import Responses as Responses
    from pellucid.inspect.excitation import responses as responses
    from pellucid.inspect.familiarity import Familiarity as Familiarity
    from pellucid.inspect.knobs import Knob as Knob
    from pellucid.inspect.knobs import Knobs as Knobs
    from pellucid.inspect.maps_of_layers import LayerMap as LayerMap
    from pellucid.inspect.maps_of_layers import layer_maps as layer_maps
    from pellucid.inspect.maps_of_layers import layer_values as layer_values
    from pellucid.inspect.maps_of_layers import nearest as nearest
    from pellucid.inspect.maps_of_layers import neighbours_kept as neighbours_kept
    from pellucid.inspect.maxima import Maximum as Maximum
    from pellucid.inspect.maxima import maximum as maximum
    from pellucid.inspect.misreadings import Misreading as Misreading
    from pellucid.inspect.misreadings import misreading as misreading
    from pellucid.inspect.neurons import Health as Health
    from pellucid.inspect.neurons import health as health
    from pellucid.inspect.plane import LossPlane as LossPlane
    from pellucid.inspect.plane import loss_plane as loss_plane
    from pellucid.inspect.probes import neuron_count as neuron_count
    from pellucid.inspect.probes import probe as probe
    from pellucid.inspect.probes import strongest_places as strongest_places
    from pellucid.inspect.receptive_fields import receptive_field as receptive_field
    from pellucid.inspect.repair_moves import PenStroke as PenStroke
    from pellucid.inspect.repairs import Repair as Repair
    from pellucid.inspect.repairs import repair as repair
    from pellucid.inspect.stranger_pictures import strangers as strangers
    from pellucid.inspect.thresholds import Price as Price
    from pellucid.inspect.thresholds import price as price
    from pellucid.inspect.untrained import never_inked as never_inked
    from pellucid.inspect.untrained import untrained_twin as untrained_twin
    from pellucid.inspect.value_fit import Fit as Fit
    from pellucid.inspect.value_fit import fit as fit
    from pellucid.inspect.voting import Votes as Votes
    from pellucid.inspect.voting import votes as votes
    from pellucid.inspect.voting import weight_picture as weight_picture

_HOMES = {
    "Votes": "voting",
    "votes": "voting",
    "weight_picture": "voting",
    "ablate": "ablation",
    "noisy": "ablation",
    "Health": "neurons",
    "health": "neurons",
    **dict.fromkeys(("Answer", "answers"), "answering"),
    **dict.fromkeys(("Sureness", "sureness"), "certainty"),
    "Familiarity": "familiarity",
    "Fit": "value_fit",
    "fit": "value_fit",
    "Mistakes": "confusion",
    "mistakes": "confusion",
    "LossPlane": "plane",
    "loss_plane": "plane",
    **dict.fromkeys(
        ("Backpropagation", "Check", "LayerNudges", "backpropagate", "check_activation", "check_input"), "backward"
    ),
    "check_parameter": "backward",
    "Stage": "captions",
    "stages": "captions",
    **dict.fromkeys(("Maximum", "maximum"), "maxima"),
    **dict.fromkeys(("neuron_count", "probe", "strongest_places"), "probes"),
    **dict.fromkeys(("Responses", "responses"), "excitation"),
    **dict.fromkeys(("auc", "class_auc", "class_histograms", "class_quantiles"), "class_statistics"),
    "receptive_field": "receptive_fields",
    **dict.fromkeys(("Misreading", "misreading"), "misreadings"),
    **dict.fromkeys(("Repair", "repair"), "repairs"),
    "PenStroke": "repair_moves",
    "strangers": "stranger_pictures",
    **dict.fromkeys(("Price", "price"), "thresholds"),
    **dict.fromkeys(("LayerMap", "layer_maps", "layer_values", "nearest", "neighbours_kept"), "maps_of_layers"),
    **dict.fromkeys(("never_inked", "untrained_twin"), "untrained"),
    "Knob": "knobs",
    "Knobs": "knobs",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
