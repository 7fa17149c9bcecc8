"""Why misread: who voted for a reading, and the smallest change of the drawing that mends it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pellucid.inspect.checks import checked_index
from pellucid.inspect.misreadings import STEPS, Voters
from pellucid.inspect.repairs import Repair, repair
from pellucid.studio.protocol import why as messages
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.parts import Stroke
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.read.room import ReadRoom
from pellucid.studio.state.activity import MisreadingSeen, RepairApplied, RepairFound
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.session_state import SessionState, finite

BRIEF_STEPS = 8
"""Steps of the way to a picture that is being drawn, for networks in which all steps would take long."""

QUICK = 10_000_000
"""Multiply-adds of all steps that nobody notices."""


class _Found(NamedTuple):
    """A repair, and what it is a repair of."""

    version: int
    inputs: bytes
    repair: Repair


class _Kept(NamedTuple):
    """The voters of the network as it was edited last."""

    edited: EditedNetwork
    version: int
    voters: Voters


class WhyRoom:
    """Who voted, and what would mend the reading of what is at the inputs."""

    def __init__(self, state: SessionState, read: ReadRoom) -> None:
        self._state, self._read = state, read
        self._found: _Found | None = None
        self._kept: _Kept | None = None

    def misreading(self, request: messages.AskMisreading) -> None:
        """Send the votes for every output."""
        label = self._checked(request)
        state, payload = self._state, Payload()
        net, version = state.edited.effective, state.edited.version
        trace = state.trace()
        decisive = [int(np.nan_to_num(trace.outputs).argmax()), label]
        brief = request.brief and net.program.cost.products * STEPS > QUICK
        steps = BRIEF_STEPS if brief else STEPS
        inputs = state.levels(net, state.inputs)
        found = self._voters().misreading(inputs, label, steps=steps, pixels_of=decisive, trace=trace)
        state.send(
            messages.Misreading(
                request.id, version, label, found.reading, payload.put(found.sums), payload.put(found.outputs),
                payload.put(found.terms), payload.put(found.biases), found.ranking.tolist(),
                payload.put(found.pixels[decisive]), payload.put(found.rest[decisive]),
                payload.put(found.missing[decisive]), steps, brief,
            ),
            payload,
        )  # fmt: skip
        state.activity.note(MisreadingSeen(version, found.reading, label))

    def _voters(self) -> Voters:
        """The voters of the network as it is."""
        edited, kept = self._state.edited, self._kept
        if kept is None or kept.edited is not edited or kept.version != edited.version:
            kept = self._kept = _Kept(edited, edited.version, Voters(edited.effective))
        return kept.voters

    def repair(self, request: messages.AskRepair) -> None:
        """Search for the smallest change that mends the reading, and send it."""
        label = self._checked(request)
        state, payload = self._state, Payload()
        net, version = state.edited.effective, state.edited.version
        ink, prepare = self._read.ink()
        found = repair(net, ink, label, prepare=prepare)
        self._found = _Found(version, state.inputs.tobytes(), found)
        state.send(
            messages.Repaired(
                request.id, version, label, found.mended, _strokes(found), payload.put(found.before),
                payload.put(found.after), payload.put(ink), payload.put(found.ink),
                payload.put(prepare(found.ink).reshape(-1)), finite(found.changed), found.readings, found.method,
            ),
            payload,
        )  # fmt: skip
        state.activity.note(RepairFound(version, label, found.mended, len(found.strokes), found.changed))

    def apply(self, request: messages.ApplyRepair) -> None:
        """Draw the strokes of the repair."""
        label = self._checked(request)
        state, found = self._state, self._found
        present = state.edited.version, state.inputs.tobytes()
        if found is None or (found.version, found.inputs) != present or found.repair.label != label:
            raise RefusedError(
                "out_of_order", "The drawing or the network is no longer that of the repair: search for a repair again."
            )
        self._read.draw_over(_strokes(found.repair), request.id)
        reading = int(state.trace().outputs.argmax())
        state.activity.note(RepairApplied(state.edited.version, label, reading == label))

    def _checked(self, request: messages.AboutLabel) -> int:
        """The class that a request means, of a network that reads images by class."""
        state = self._state
        if state.form.columns is not None or state.edited.predicts_values:
            raise RefusedError(
                "bad_value", "Expected a network that reads images by class, got another: open one to see who voted."
            )
        return checked_index(request.label, len(state.edited.net.classes), "class")


def _strokes(found: Repair) -> list[Stroke]:
    return [Stroke(list(each.points), each.width, each.erase) for each in found.strokes]
