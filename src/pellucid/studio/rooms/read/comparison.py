"""A second network beside the session's own: it reads the same picture, and is tested on the same images."""

from __future__ import annotations

from pellucid.studio.protocol import events
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.parts import ComparedNetwork, Origin
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.read.room import layer_readings, order_of, words_of
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.session_state import SessionState


class Comparison:
    """The network that is compared with the session's own, if there is one."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._other: EditedNetwork | None = None
        self._origin: Origin = "shipped"
        self._grey_levels: int | None = None

    def begin(self, other: EditedNetwork, origin: Origin, request: int) -> None:
        """Compare with a network.

        Raises
        ------
        RefusedError
            If it has other classes than the session's own.
        """
        if not self._is_comparable(other):
            own, others = (", ".join(each.net.classes)[:200] for each in (self._state.edited, other))
            raise RefusedError(
                "bad_value",
                f"Expected a network with the same inputs and the classes {own}, got {others}: only networks for the "
                "same data can be compared.",
            )
        self._other, self._origin = other, origin
        self.send(request)
        self.send_reading(request)

    def end(self, request: int) -> None:
        """Return to the one network."""
        self._other = None
        self.send(request)

    def network_changed(self, request: int) -> None:
        """The session has another network or other data: test again, or end where the classes differ."""
        if self._other is None:
            return
        if not self._is_comparable(self._other):
            self._other = None
        self.send(request)

    def _is_comparable(self, other: EditedNetwork) -> bool:
        state = self._state
        same = other.net.classes == state.edited.net.classes
        return same and state.catalog.suits(state.data_name, other)

    def send(self, request: int) -> None:
        """Send the network, its parameters and its accuracy; or that there is none."""
        state, other, payload = self._state, self._other, Payload()
        self._grey_levels = state.edited.grey_levels
        if other is None:
            state.send(events.Compared(request, None))
            return
        test = state.rounded(state.catalog.data(state.data_name, other.preparation, other.columns).test)
        total = len(test)
        _, accuracy = state.evaluate(other.net, other.loss, test)
        compared = ComparedNetwork(
            other.info(state.form), self._origin, payload.put(other.net.parameters), accuracy,
            round(accuracy * total) if test.has_classes else 0, total, other.has_seen(state.data_name),
        )  # fmt: skip
        state.send(events.Compared(request, compared), payload)

    def send_reading(self, request: int) -> None:
        """Send what it reads in the present picture."""
        if self._other is None:
            return
        if self._grey_levels != self._state.edited.grey_levels:
            self.send(request)  # the held-out images are read otherwise than before
        state, net, payload = self._state, self._other.net, Payload()
        trace = net.trace(state.inputs_for(self._other))
        words = words_of(trace, self._other) if state.has_ink else ""
        state.send(
            events.ComparedReading(request, layer_readings(trace, payload), order_of(trace, self._other), words),
            payload,
        )
