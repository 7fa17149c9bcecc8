"""A network in the words of the studio's protocol, for pages without a server (``web/src/offline/shared.ts``)."""

from __future__ import annotations

from typing import Any

import msgspec

from pellucid.reports.training_record import record_lines
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.input_form import InputForm
from pellucid.system.version import __version__


def network_description(edited: EditedNetwork, form: InputForm) -> dict[str, Any]:
    """Return layers, names, inputs of this form, and how the network was trained, as plain data for JSON."""
    network = msgspec.to_builtins(edited.info(form))
    return {"version": __version__, "network": network, "record": record_lines(edited.net.record)}
