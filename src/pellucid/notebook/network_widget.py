"""The network picture as a widget: one draws, and sees every neuron."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import traitlets
from IPython import get_ipython
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ShapeError
from pellucid.layers.layer import features
from pellucid.network.network import Network
from pellucid.notebook.live_widget import LiveWidget
from pellucid.notebook.still import network_html
from pellucid.studio.sharing.network_description import network_description
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.input_form import own_form

_OPEN: weakref.WeakSet[NetworkWidget] = weakref.WeakSet()
"""The widgets that follow their networks."""


class NetworkWidget(LiveWidget):
    """The picture of a network, with its numbers for what is drawn or given.

    Parameters
    ----------
    net : Network
        Of images or rows of features; ends with a dense layer.
    x : array_like, optional
        One input, as for calling the network.

    Attributes
    ----------
    description : dict
        The layers and names, in the words of the studio's protocol.

    Raises
    ------
    RefusedError
        If the network cannot be drawn.
    ShapeError, DataError
        If the network does not take the input.
    """

    description = traitlets.Dict().tag(sync=True)
    _parameters = traitlets.Bytes().tag(sync=True)
    _inputs = traitlets.Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))

    def __init__(self, net: Network, x: ArrayLike | None = None) -> None:
        described = _described(net)
        inputs = b"" if x is None else _inputs_of(net, x)
        self._net = weakref.ref(net)
        self._last_still = ""
        super().__init__(kind="network", description=described, _parameters=_bytes(net.parameters), _inputs=inputs)
        self.still_html()  # the network may be gone when it is asked for
        _OPEN.add(self)
        _follow_cells()

    @property
    def inputs(self) -> NDArray[np.float32] | None:
        """What the picture shows, as an input of the network: given, or drawn in the notebook; None without either."""
        if not self._inputs:
            return None
        return np.frombuffer(self._inputs, "<f4").reshape(self.description["network"]["inputShape"]).astype(np.float32)

    @inputs.setter
    def inputs(self, x: ArrayLike) -> None:
        net = self._net()
        if net is not None:
            self._inputs = _inputs_of(net, x)

    def refresh(self) -> None:
        """Show the network as it is now; in Jupyter this happens after every cell."""
        net = self._net()
        if net is None or self.is_closed:
            return
        described, parameters = _described(net), _bytes(net.parameters)
        if (described, parameters) == (self.description, self._parameters):
            return
        with self.hold_sync():
            self.description, self._parameters = described, parameters
        self.refresh_still()

    def close(self) -> None:
        """End the widget; the still picture takes its place."""
        _OPEN.discard(self)
        super().close()

    def still_html(self) -> str:
        """Return the layers, and the activations of the input."""
        net = self._net()
        if net is not None:
            self._last_still = network_html(net, self.inputs)
        return self._last_still


def _described(net: Network) -> dict[str, Any]:
    return network_description(EditedNetwork.of(net, "network"), own_form(net))


def _inputs_of(net: Network, x: ArrayLike) -> bytes:
    inputs = net.trace(x)[0].inputs
    if inputs.size != features(net.input_shape):
        raise ShapeError(f"widget expected one input of shape {net.input_shape}, got x of shape {np.shape(x)}.")
    return _bytes(inputs)


def _bytes(values: NDArray[np.float32]) -> bytes:
    return np.ascontiguousarray(values, "<f4").tobytes()


def _refresh_all(*_: object) -> None:
    for widget in list(_OPEN):
        widget.refresh()


_followed: list[object] = []
"""The shells whose cells are followed."""


def _follow_cells() -> None:
    """Refresh all pictures after every cell of a Jupyter notebook; elsewhere, nothing tells its end."""
    shell = get_ipython()
    if shell is not None and shell not in _followed:
        shell.events.register("post_run_cell", _refresh_all)
        _followed.append(shell)
