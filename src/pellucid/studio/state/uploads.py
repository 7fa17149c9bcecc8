"""Which uploads still count: an upload that a later action has made obsolete is dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pellucid.studio.protocol import listen as listen_messages
from pellucid.studio.protocol import requests

Kind = Literal["network", "picture", "recording 0", "recording 1"]
"""What is uploaded; a recording with its slot."""

REPLACED_BY: dict[Kind, frozenset[type[Any]]] = {
    "picture": frozenset(
        (
            requests.Pen, requests.UndoStroke, requests.RedoStroke, requests.ClearDrawing, requests.SetDrawing,
            requests.OpenExample, requests.OpenPixels, requests.SetFeatures,
        )
    ),
    "network": frozenset((requests.LoadNetwork, requests.SetUp, requests.OpenRun)),
    "recording 0": frozenset((listen_messages.HearVoice, listen_messages.StartMicrophone)),
    "recording 1": frozenset((listen_messages.HearVoice, listen_messages.StartMicrophone)),
}  # fmt: skip
"""The requests that put something else in the place of an upload of each kind."""


@dataclass(frozen=True)
class Upload:
    """An upload under way: the ``number``-th of its kind, sent after request ``after``; None if that is unknown."""

    kind: Kind
    number: int
    after: int | None


class Uploads:
    """The uploads of one session. Its page numbers its requests, so their order is known however late a file arrives.

    Examples
    --------
    >>> uploads = Uploads()
    >>> picture = uploads.begin("picture", after=4)
    >>> uploads.is_obsolete(picture)
    False
    >>> uploads.note(requests.ClearDrawing(5))
    >>> uploads.is_obsolete(picture)
    True
    """

    def __init__(self) -> None:
        self._begun: dict[Kind, int] = dict.fromkeys(REPLACED_BY, 0)
        self._replaced: dict[Kind, int] = dict.fromkeys(REPLACED_BY, 0)

    def begin(self, kind: Kind, after: int | None = None) -> Upload:
        """Count an upload that begins; it makes earlier ones of its kind obsolete."""
        self._begun[kind] += 1
        return Upload(kind, self._begun[kind], after)

    def note(self, request: requests.Request) -> None:
        """Take note of a request."""
        for kind, replacing in REPLACED_BY.items():
            slot = getattr(request, "slot", None)
            if type(request) in replacing and (slot is None or kind == f"recording {slot}"):
                self._replaced[kind] = request.id

    def connected(self) -> None:
        """A page has connected; a new page numbers its requests from 1 again."""
        self._replaced = dict.fromkeys(self._replaced, 0)

    def is_obsolete(self, upload: Upload) -> bool:
        """Whether a later upload of the same kind, or a later request, has taken the place of an upload."""
        if upload.number != self._begun[upload.kind]:
            return True
        return upload.after is not None and self._replaced[upload.kind] > upload.after
