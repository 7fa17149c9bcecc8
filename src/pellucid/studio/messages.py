"""The only schema of what page and server say to each other: two tagged unions, told apart by ``type``.

The page's TypeScript is made from it by ``python -m pellucid.studio.typescript``; `pellucid.studio.frames` says how it
travels. The routes:

- ``/?token=``: the page; the token becomes a cookie.
- ``/socket?session=``: the WebSocket. Without a session, or with one that is gone, a new one begins. Requests of one
  session are done one after another; the page best waits for an answer before it sends the next of a flood.
- ``POST /picture?session=``: a PNG, JPEG or other picture as the body; it goes to the pad, and `Drawing` and `Reading`
  come over the socket. Answered by 204, or by a `Failed` as JSON.
- ``POST /network?session=&name=``: a network file as the body; `Network` and all that follows come over the socket.
- ``GET /network.safetensors?session=``: the network as it stands, as a file.
"""

from __future__ import annotations

from types import ModuleType
from typing import get_args

import msgspec

from pellucid.studio import events, parts, requests

AnyRequest = (
    requests.Pen
    | requests.UndoStroke
    | requests.RedoStroke
    | requests.ClearDrawing
    | requests.SetDrawing
    | requests.OpenExample
    | requests.OpenPixels
    | requests.SetCentring
    | requests.AskVotes
    | requests.BrowseExamples
    | requests.LoadNetwork
    | requests.TurnKnobs
    | requests.FindKnobs
    | requests.SweepKnob
    | requests.ScaleNeuron
    | requests.ScaleLayer
    | requests.AddNoise
    | requests.UndoTurn
    | requests.RedoTurn
    | requests.GoToChange
    | requests.ResetKnobs
    | requests.SetUp
    | requests.FetchData
    | requests.Train
    | requests.Pause
    | requests.StepBatches
    | requests.RunToEpoch
    | requests.SetPace
    | requests.SetRate
    | requests.GoToStep
    | requests.AskCurves
    | requests.NextPicture
    | requests.AskExamined
    | requests.AskLossPlane
    | requests.AskNudges
    | requests.AskBatchNudges
    | requests.CheckNudge
    | requests.TakeStep
)
"""All that the page can ask."""

AnyEvent = (
    events.Welcome
    | events.Failed
    | events.Gone
    | events.Network
    | events.Parameters
    | events.Drawing
    | events.Reading
    | events.Votes
    | events.Examples
    | events.Turned
    | events.Judged
    | events.Knobs
    | events.Swept
    | events.DataSets
    | events.Training
    | events.Picture
    | events.Health
    | events.EpochDone
    | events.Curves
    | events.Examined
    | events.LossPlane
    | events.Nudges
    | events.BatchNudges
    | events.Checked
    | events.Stepped
)
"""All that the server can tell."""

REQUESTS: tuple[type[requests.Request], ...] = get_args(AnyRequest)
EVENTS: tuple[type[events.Event], ...] = get_args(AnyEvent)
MODULES: tuple[ModuleType, ...] = (parts, requests, events)
"""Where the pieces are declared."""

MAX_REQUEST = 1 << 20
"""Bytes of JSON in one request, at most."""

_decoder: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)


def decode_request(text: str | bytes) -> AnyRequest:
    """The request that a text frame holds.

    Raises
    ------
    msgspec.DecodeError
        If it is not one of the schema; `msgspec.ValidationError`, a kind of it, where it is JSON but does not fit.

    Examples
    --------
    >>> decode_request('{"type": "askVotes", "id": 7, "layer": 1, "neuron": 3}')
    AskVotes(id=7, layer=1, neuron=3)
    """
    return _decoder.decode(text)
