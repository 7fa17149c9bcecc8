"""The requests and events of courses, their tests, and learners' results."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pellucid.studio.protocol.events import Event
from pellucid.studio.protocol.lessons import QuestionInfo, TestScore, Values
from pellucid.studio.protocol.parts import Count, Name, Shared
from pellucid.studio.protocol.requests import Request


class OpenCourse(Request):
    """Follow a course that somebody gave. Answered by `Lessons`, in the order of the course."""

    text: Annotated[str, Meta(max_length=1 << 16)]
    """Its code, a link with its code, or the text of its file."""


class CloseCourse(Request):
    """Follow all lessons again; what was done stays. Answered by `Lessons`."""


class MakeCourse(Request):
    """Make a course to give to others; nothing of it is kept. Answered by `CourseMade`."""

    title: Name
    """Title, in one line."""
    note: Annotated[str, Meta(max_length=1000)]
    """A sentence for the learners; may be empty."""
    lessons: Annotated[list[Name], Meta(max_length=50)]
    """Names of its lessons, in order."""
    network: Name
    """The shipped network that it is made for; empty for any."""


class BeginTest(Request):
    """Begin the test that is open, or go on with it. Answered by `TestShown`."""


class AnswerTest(Request):
    """Answer the question of the test that is shown. Answered by `TestShown`; after the last one, also by `Lessons`."""

    number: Count
    """`TestShown.number`."""
    values: Values
    """The answer."""


class AskTestAnswers(Request):
    """Ask for the answers of the finished tests. Answered by `TestAnswers`, once the second is finished."""


class MakeResult(Request):
    """Ask for the learner's result as a file. Answered by `ResultMade`."""

    name: Name
    """The learner's name, if they typed one."""


class AddResult(Request):
    """Open a learner's result file; it stays in this session alone. Answered by `Results`."""

    file: Name
    """Name of the file."""
    text: Annotated[str, Meta(max_length=500_000)]
    """Its text."""


class ClearResults(Request):
    """Close all result files. Answered by `Results`."""


class CourseMade(Event):
    """A course to give to others."""

    code: str
    """A short text without spaces, to paste; also for a link, as ``#/read?course=`` and the code."""
    file: str
    """The text of its file."""


class TestShown(Event):
    """A question of a test."""

    form: Literal["before", "after"]
    """Whether it is the test before the lessons or after them."""
    number: Count
    """Number of the question, from 0; `total` once all are answered."""
    total: Count
    """Number of questions."""
    question: QuestionInfo | None
    """The question; None once all are answered."""


class TestAnswers(Event):
    """The questions of the finished tests with the learner's answers and the right ones."""

    before: list[QuestionInfo]
    """Of the test before the lessons; empty if it was not finished."""
    after: list[QuestionInfo]
    """Of the test after them."""


class ResultMade(Event):
    """The learner's result."""

    file: str
    """The text of the file."""
    file_name: str
    """A name for it."""


class ResultLesson(Shared):
    """A lesson in a learner's result."""

    title: str
    """Title."""
    state: Literal["new", "begun", "passed"]
    """How far the learner came."""
    prediction: str
    """What they predicted; empty before."""
    outcome: str
    """The prediction beside the outcome; empty unless passed."""
    transfer: bool | None
    """Whether they answered the question elsewhere rightly; None if they did not answer it."""
    hints: Count
    """Hints they asked for."""


class ResultRow(Shared):
    """A learner's result, computed again from the records in their file."""

    file: str
    """Name of the file."""
    name: str
    """What the learner typed; may be empty."""
    made_with: str
    """The version of Pellucid that wrote it."""
    lessons: list[ResultLesson]
    """Those that this version knows, in the order of the course."""
    before: TestScore | None
    """The test before the lessons; None unless finished."""
    after: TestScore | None
    """The test after them; None unless finished."""
    gain: int | None
    """How many more answers were right after the lessons than before; None unless both tests are finished."""
    left_out: Count
    """Records in the file that this version does not know."""


class ResultTable(Shared):
    """The results of one course."""

    title: str
    """Title of the course."""
    lessons: list[str]
    """Titles of its lessons."""
    missing: list[str]
    """Names of lessons that this version does not know."""
    rows: list[ResultRow]
    """One for each file, in the order in which they were opened."""


class Results(Event):
    """All result files that are open in this session."""

    tables: list[ResultTable]
    """One for each course."""
