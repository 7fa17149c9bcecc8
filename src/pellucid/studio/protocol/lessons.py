"""The requests and events of the lessons, which happen beside the rooms."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pellucid.studio.protocol.events import Event
from pellucid.studio.protocol.parts import Count, Name, Number, Shared
from pellucid.studio.protocol.requests import Request

Values = Annotated[list[Number], Meta(min_length=1, max_length=100)]
"""An answer: a number; the index of an option; one of these for each row of the question; or the numbers of its curves
one after the other."""


class AskLessons(Request):
    """Ask for all lessons, and for the one that is open. Answered by `Lessons`, and by `LessonShown` if one is."""


class OfLesson(Request):
    """Base of the requests about one lesson."""

    lesson: Name
    """Its `LessonInfo.name`."""


class OpenLesson(OfLesson):
    """Open a lesson where it was left. Answered by `LessonShown`."""


class LeaveLesson(Request):
    """Close the lesson; what was done in it stays. Answered by `Lessons`."""


class RestartLesson(OfLesson):
    """Begin a lesson again: it asks for a new prediction. Answered by `LessonShown`."""


class PredictOutcome(OfLesson):
    """Lock in a prediction for the question that is shown. Answered by `LessonShown`."""

    values: Values
    """The prediction."""


class AnswerAgain(OfLesson):
    """Change the answers while one works, where `LessonShown.again` allows it. Answered by `LessonShown`."""

    values: Values
    """The answers."""


class AskHint(OfLesson):
    """Ask for the next hint. Answered by `LessonShown`."""


class AnswerTransfer(OfLesson):
    """Answer the question about another neuron or picture. Answered by `LessonShown`."""

    values: Values
    """The answer."""


class AnswerRecall(OfLesson):
    """Answer what `LessonShown.recall` asks of an earlier lesson. Answered by `LessonShown` of the open one."""

    values: Values
    """The answer."""


class LessonInfo(Shared):
    """A lesson, and how far the learner has come in it."""

    name: str
    """What identifies it."""
    number: Count
    """Its place in the course."""
    title: str
    """Title."""
    line: str
    """The line of the notes that it follows."""
    room: str
    """The room where it happens."""
    revealing: bool
    """Whether that room shows the answer: it opens once the prediction is locked in."""
    minutes: Count
    """How long it takes."""
    state: Literal["new", "begun", "passed"]
    """How far the learner has come."""


class CourseInfo(Shared):
    """The course that the learner follows."""

    title: str
    """Title."""
    note: str
    """A sentence of whoever gave it; may be empty."""
    network: str
    """The shipped network that it is made for; empty for any."""
    lessons: list[str]
    """Names of its lessons, in order."""
    missing: list[str]
    """Names of lessons that this version does not know."""
    fixed: bool
    """Whether it is the course of a class, which visitors cannot leave."""


class TestScore(Shared):
    """How many questions of a test were answered rightly."""

    right: Count
    """Answered rightly."""
    total: Count
    """Questions."""


class TestInfo(Shared):
    """The test before and after the course."""

    stage: Literal["before", "lessons", "after", "done"]
    """The first is open; none is, until all lessons are passed; the second is open; the second is finished."""
    answered: Count
    """Questions of the open one that are answered."""
    before: TestScore | None
    """Score of the first, once the second is finished; None also where it was left out."""
    after: TestScore | None
    """Score of the second, once it is finished."""
    taken: bool
    """Whether the first was finished."""


class Lessons(Event):
    """All lessons, and the course that the learner follows."""

    lessons: list[LessonInfo]
    """All of them, in the order of the notes."""
    kept: bool
    """Whether the progress is kept on this machine beyond this session."""
    course: CourseInfo | None
    """The course that somebody gave; None for all lessons."""
    test: TestInfo
    """The test of the course."""


class QuestionInfo(Shared):
    """A question, and its answer once it was answered."""

    kind: Literal["number", "choice", "choices", "curves"]
    """A number; one of the options; one of them for each row; or a curve for each row."""
    text: str
    """The question."""
    options: list[str]
    """The options; empty for numbers."""
    rows: list[str]
    """The rows; empty for a single answer."""
    unit: str
    """Unit of the numbers."""
    low: float
    """Smallest number."""
    high: float
    """Largest number."""
    answer: list[float] | None
    """What the learner answered; None before."""
    truth: list[float] | None
    """What is right; None before it may be shown."""
    right: bool | None
    """Whether the answer is right; None before it may be shown."""
    told: str
    """What is said beside the answer; empty before."""
    points: list[float]
    """Where the curves have points, (p,); empty for other questions."""
    axis: str
    """What the points are counted in."""


class LessonTool(Shared):
    """A button: sets parameters, as a `TurnKnobs` that can be undone, opens a held-out image, or shows a parameter."""

    label: str
    """What it does."""
    knobs: list[Count]
    """Their indices, (n,)."""
    values: list[float]
    """Their values, (n,)."""
    example: Count | None
    """The held-out image; None for one that opens none."""
    find: Count | None
    """The parameter to show, with its neuron; None for one that shows none."""


class RecallInfo(Shared):
    """An earlier lesson that is asked again."""

    lesson: str
    """Its name."""
    title: str
    """Its title."""
    question: QuestionInfo
    """The question."""


class LessonShown(Event):
    """The lesson that is open, as far as the learner has come."""

    lesson: LessonInfo
    """The lesson."""
    stage: Literal["unsuited", "predict", "do", "done"]
    """Where the learner is; "unsuited" where this network does not allow the lesson."""
    about: str
    """What is said first; in "unsuited", why."""
    question: QuestionInfo | None
    """The prediction; None in "unsuited"."""
    task: str
    """What to do; empty before the prediction."""
    status: str
    """What is reached so far; empty outside of "do"."""
    tools: list[LessonTool]
    """Buttons for the task."""
    hints: list[str]
    """The hints that were asked for."""
    hints_left: Count
    """How many more there are."""
    gap: str
    """The prediction beside the outcome; empty before the check has passed."""
    transfer: QuestionInfo | None
    """The question about another neuron or picture, once the check has passed."""
    recall: RecallInfo | None
    """An earlier lesson that is asked again, if one is due or was just answered."""
    next: str | None
    """The next lesson that is not passed yet."""
    again: bool
    """Whether the answers may be changed while one works."""
    foreign: str
    """What of the network keeps the lesson from counting, such as "3 knobs are turned"; empty for nothing."""
    reverts: bool
    """Whether nothing is in the way once the network is as trained again."""
    place: str
    """The name of the panel where the work begins; empty for the whole room."""
