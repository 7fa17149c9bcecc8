"""What a lesson is: data, and functions of a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pellucid.lessons.deeds import Deed
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View


@dataclass(frozen=True)
class Tool:
    """A button that spares a learner many presses: it sets parameters, opens a held-out image or shows a parameter.

    Attributes
    ----------
    label : str
    knobs : tuple of int
        Their indices.
    values : tuple of float
        Their values.
    example : int or None
        The held-out image.
    find : int or None
        The index of the parameter that is shown, with its neuron.
    """

    label: str
    knobs: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    example: int | None = None
    find: int | None = None


@dataclass(frozen=True)
class Lesson:
    """One lesson: predict, do, see the gap, transfer.

    Attributes
    ----------
    name : str
        What identifies it in the log; it never changes.
    number : int
        Its place in the course.
    title : str
    line : str
        The line of the notes that it follows.
    room : str
        The room of the studio where it happens.
    minutes : int
        How long it takes.
    about : str
        What is said before the prediction.
    unsuited : function
        Why the lesson cannot be done with the network of a session; None if it can.
    ask : function
        The prediction, made of the session's network.
    task : function
        What to do, for the question that was asked.
    look : function
        What counts in the session at this moment, given what was noted before; None for nothing new.
    passed : function
        The check: what was reached according to all that was noted; None for not yet.
    status : function
        What is still missing, given what was noted.
    gap : function
        The prediction beside the outcome.
    transfer : function
        A question about another neuron or picture; the second argument draws another one.
    hints : function
        Three hints.
    tools : function
        Buttons that set parameters.
    needs : tuple of str
        The names in the setting of its question. A prediction from before an update that lacks one is asked again.
    counts : tuple of type
        The deeds that count, where the check goes by what was done and not only by how the session stands.
    weigh : function, optional
        What the answers mean for the check, where it depends on them. They may then be changed while one works.
    outcome : function, optional
        What came of the question, in the form of an answer, where that is only known once the learner has done it.
    foreign : function, optional
        What of the network is not as trained and keeps the lesson from counting, given what was noted; empty for
        nothing. Without it, the lesson does not depend on the network that is open.
    place : str
        The name of the panel where the work begins; empty for the whole room.
    revealing : bool
        Whether the room shows the answer: it is opened once the prediction is locked in.
    figures : function
        What `look` computes over all held-out images, as lists of numbers by name: a page without the engine receives
        these beforehand.
    """

    name: str
    number: int
    title: str
    line: str
    room: str
    minutes: int
    about: str
    unsuited: Callable[[View], str | None]
    ask: Callable[[View], Question]
    task: Callable[[View, Question], str]
    look: Callable[[View, Question, Sequence[Facts]], Facts | None]
    passed: Callable[[Question, Sequence[Facts]], Facts | None]
    status: Callable[[Question, Sequence[Facts]], str]
    gap: Callable[[Question, tuple[float, ...], Facts], str]
    transfer: Callable[[View, int], Question]
    hints: Callable[[View, Question], tuple[str, str, str]]
    tools: Callable[[View, Question], tuple[Tool, ...]] = lambda _view, _question: ()
    needs: tuple[str, ...] = ()
    counts: tuple[type[Deed], ...] = ()
    weigh: Callable[[tuple[float, ...]], Facts] | None = None
    outcome: Callable[[Question, Facts], tuple[float, ...]] | None = None
    foreign: Callable[[View, Question, Sequence[Facts]], str] | None = None
    place: str = ""
    revealing: bool = False
    figures: Callable[[View], Mapping[str, Sequence[float]]] = lambda _view: {}


def last(noted: Sequence[Facts], name: str) -> Facts | None:
    """Return the latest facts that have a name."""
    return next((facts for facts in reversed(noted) if name in facts), None)


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> percent(0.9472)
    '94.7 %'
    """
    return f"{100 * share:.{digits}f} %"
