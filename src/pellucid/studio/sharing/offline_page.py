"""Write a network into the page that shows it from a file: a pad, the network picture, knobs, training, lessons.

The page is built beside the studio's (``web/src/offline``) and has its script and style inside; its content security
policy allows these alone, by their hashes, and no connection at all. The network is data in it, never code.
"""

from __future__ import annotations

import base64
import html
import json
import zlib
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.dataset import TrainTest
from pellucid.errors import ConfigurationError
from pellucid.network.network import Network
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.serving.built_page import SHARED_PAGE
from pellucid.studio.sharing.examples import described, examples_for
from pellucid.studio.sharing.lesson_sheets import lesson_sheets
from pellucid.studio.sharing.limits import EXAMPLES
from pellucid.studio.sharing.network_description import network_description
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.input_form import InputForm, own_form
from pellucid.system.arguments import as_path
from pellucid.system.atomic_write import write_whole

_TITLE = "<title>Pellucid</title>"
_PLACE = '<script id="shared-network" type="application/json">'
_WORTHWHILE = 0.97
"""Parameters are compressed if that makes them smaller than this share."""


def share(
    net: Network,
    path: str | PathLike[str],
    *,
    name: str | None = None,
    data: TrainTest | None = None,
    examples: int = EXAMPLES,
) -> Path:
    """Write a network as one HTML file that opens in any browser, without a server, an installation or a connection.

    One draws on the page, sees the whole network and the terms of any neuron, turns its knobs, trains it further where
    it is dense, and takes the lessons. What it computes equals `net` to the rounding of float32; ``docs/sharing.md``
    has the measurement.

    Parameters
    ----------
    net : Network
        Of dense and convolutional layers, for images.
    path : path
        The file; an existing one is replaced once the new one is complete.
    name : str, optional
        What the page calls the network; by default the file's name without its ending.
    data : TrainTest, optional
        Images to learn from and images held out, as `pellucid.data.load` returns them. By default those of the embedded
        digits, where the network reads the ten digits, and none otherwise. They become part of the file: share only
        what may be shared.
    examples : int
        Number of images to learn from; half as many are held out, and both have each class in the share that it has in
        the data. 0 leaves them out, and with them training and lessons.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ConfigurationError
        For networks of sequences or of rows of features, those too large to draw, and images that the network does not
        read.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import pellucid as pl
    >>> pl.share(pl.load("spoken-digits"), "spoken.html")
    Traceback (most recent call last):
    ...
    pellucid.errors.ConfigurationError: share expected a network of images, got one of sequences: those cannot be ...
    """
    if not isinstance(net, Network):
        raise ConfigurationError(f"share expected a network, got {type(net).__name__}.")
    place = as_path("share", path)
    write_whole(place, page_of(net, place.stem if name is None else name, data=data, examples=examples))
    return place


def page_of(net: Network, name: str, *, data: TrainTest | None = None, examples: int = EXAMPLES) -> bytes:
    """Return the page with a network, and images, in it; see `share`.

    Raises
    ------
    ConfigurationError
        If the network cannot be shown, or the page has not been built.
    """
    content = _as_json(_described(net, name, data, examples))
    title = html.escape(f"{name} · Pellucid")
    page = _template().replace(_TITLE, f"<title>{title}</title>").replace(_PLACE, _PLACE + content)
    return page.encode("utf-8", "xmlcharrefreplace")


def _template() -> str:
    if not SHARED_PAGE.is_file():
        raise ConfigurationError(
            "The page to share has not been built: this is a checkout, not an installed package. Build it with `make "
            "web` (it needs Node 20 or newer), or install with `pip install .`."
        )
    text = SHARED_PAGE.read_text(encoding="utf-8")
    if text.count(_TITLE) != 1 or text.count(_PLACE) != 1:
        raise ConfigurationError("The page to share is of another version: build it again with `make web`.")
    return text


def _described(net: Network, name: str, data: TrainTest | None, count: int) -> dict[str, Any]:
    """Return everything that the page has to know; the field names are those of ``web/src/offline/shared.ts``."""
    form = _form(net)
    try:
        edited = EditedNetwork.of(net, name)
    except RefusedError as error:
        raise ConfigurationError(str(error)) from error
    examples = examples_for(net, form, data, count)
    raw = np.ascontiguousarray(net.parameters, "<f4").tobytes()
    packed = zlib.compress(raw, 9)
    packing, parameters = ("deflate", packed) if len(packed) < _WORTHWHILE * len(raw) else ("none", raw)
    return network_description(edited, form) | {
        "packing": packing,
        "parameters": base64.b64encode(parameters).decode("ascii"),
        "examples": None if examples is None else described(examples, edited),
        "lessons": [] if examples is None else lesson_sheets(net, examples.test),
    }


def _form(net: Network) -> InputForm:
    """Return the form of drawings for a network.

    Raises
    ------
    ConfigurationError
        If it does not take images.
    """
    if net.program.takes_sequences:
        raise ConfigurationError(
            "share expected a network of images, got one of sequences: those cannot be drawn on a page. Save the "
            "network with pl.save instead."
        )
    form = own_form(net)
    if form.columns is not None:
        raise ConfigurationError(
            f"share expected a network of images, got one of rows with {form.size:,} features: those cannot be drawn "
            "on a page. If its inputs are pixels, give it their shape, as in input_shape=(28, 28)."
        )
    return form


def _as_json(value: dict[str, Any]) -> str:
    """Return JSON that cannot end the element that it stands in, whatever its texts contain."""
    text = json.dumps(value, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
