"""What the visitors of a class may not do, and when the page returns to its first state.

The person who starts the studio with ``--class`` sets these rules; every session enforces them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pellucid.studio.protocol import convolve as convolve_messages
from pellucid.studio.protocol import courses as course_messages
from pellucid.studio.protocol import lessons as lesson_messages
from pellucid.studio.protocol import listen as listen_messages
from pellucid.studio.protocol import look_for as look_for_messages
from pellucid.studio.protocol import map as map_messages
from pellucid.studio.protocol import none as none_messages
from pellucid.studio.protocol import race as race_messages
from pellucid.studio.protocol import requests
from pellucid.studio.protocol import why as why_messages
from pellucid.studio.protocol.refusal import RefusedError

_LOCKED: dict[type[Any], str] = {
    requests.RenameRun: "trained networks cannot be renamed",
    requests.DeleteRun: "trained networks cannot be deleted",
    requests.FetchData: "no data can be downloaded",
    course_messages.AddResult: "no results can be opened",
}

_AUTOMATIC = (
    requests.NextPicture,
    requests.AskCurves,
    requests.AskExamined,
    requests.AskNudges,
    requests.SweepKnob,
    look_for_messages.AskSubject,
    look_for_messages.AskNeuron,
    look_for_messages.AskMaximum,
    look_for_messages.AskExcitement,
    why_messages.AskMisreading,
    race_messages.AskRace,
    listen_messages.AskListening,
    listen_messages.AskGates,
    listen_messages.HearSamples,
    convolve_messages.ShowMaps,
    convolve_messages.HideMaps,
    convolve_messages.AskShiftScores,
    convolve_messages.StudyCell,
    none_messages.AskSureness,
    none_messages.AskOwnSureness,
    lesson_messages.AskLessons,
    map_messages.AskMap,
    map_messages.AskMapOwn,
    map_messages.AskNeighbours,
)
"""Requests that the page sends by itself: they do not mean that somebody is there."""


@dataclass(frozen=True)
class ClassRules:
    """The rules of a class.

    Attributes
    ----------
    reset_seconds : float or None
        Time without input after which a session starts again; None for never.
    """

    reset_seconds: float | None


def check_allowed(rules: ClassRules | None, request: requests.Request) -> None:
    """Refuse a request that visitors of a class may not send.

    Raises
    ------
    RefusedError
        With the reason.
    """
    if rules is not None and (reason := _LOCKED.get(type(request))) is not None:
        raise locked(reason)


def locked(reason: str) -> RefusedError:
    """Return the error for what is locked in a class."""
    return RefusedError(
        "locked", f"In a class, {reason}: ask the person who started the studio, who can do so without --class."
    )


def is_input(request: requests.Request) -> bool:
    """Whether a request shows that somebody is there."""
    if isinstance(request, requests.SetCentring):
        return request.centring is not None
    return not isinstance(request, _AUTOMATIC)
