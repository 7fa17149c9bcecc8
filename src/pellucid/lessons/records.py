"""What a learner did in the lessons, as records in order; all progress follows from them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from pellucid.lessons.given_course import GivenCourse

Kind = Literal["number", "choice", "choices", "curves"]
"""A number; one of some options; one of the options for each row; or for each row a number at every point."""

Facts = dict[str, float]
"""What was found out about a session at one moment, by name."""

Finite = Annotated[float, Meta(ge=-1e30, le=1e30)]


class Question(Struct, frozen=True):
    """Something to predict, as it was asked."""

    kind: Kind
    text: str
    options: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    unit: str = ""
    low: float = 0.0
    high: float = 100.0
    truth: tuple[float, ...] = ()
    """The answer, in the form of `Predicted.values`; empty where it is only known once the learner has done it."""
    tolerance: float = 0.0
    """How far a number may be from the truth to count as right."""
    setting: dict[str, float] = {}
    """What the question is about, such as the number of a neuron."""
    told: str = ""
    """What is said beside the answer."""
    points: tuple[float, ...] = ()
    """Where the curves have points. An answer has one curve after the other."""
    axis: str = ""
    """What the points are counted in."""

    @property
    def count(self) -> int:
        """How many values an answer has."""
        return {"choices": len(self.rows), "curves": len(self.rows) * len(self.points)}.get(self.kind, 1)

    def fault(self, values: list[float]) -> str | None:
        """Return why values are no answer to this question; None if they are one."""
        if len(values) != self.count:
            return f"Expected {self.count} values as the answer, got {len(values)}: answer every part."
        if self.kind in ("choice", "choices"):
            if any(value not in range(len(self.options)) for value in values):
                return f"Expected options from 0 to {len(self.options) - 1}, got {values}: choose one of those shown."
        elif any(not self.low <= value <= self.high for value in values):
            return f"Expected numbers from {self.low:g} to {self.high:g}, got {values}: type one of those."
        return None

    def right(self, values: tuple[float, ...]) -> bool:
        """Whether an answer is the truth, within the tolerance."""
        return len(values) == len(self.truth) and all(
            abs(value - truth) <= self.tolerance for value, truth in zip(values, self.truth, strict=True)
        )


class Record(Struct, frozen=True, tag_field="type"):
    """Base of all records."""

    lesson: str
    when: float
    """Seconds since 1970."""


class Restarted(Record, frozen=True, tag="restarted"):
    """The lesson was begun again."""


class Predicted(Record, frozen=True, tag="predicted"):
    """A prediction was locked in."""

    question: Question
    values: tuple[Finite, ...]
    mark: int = 0
    """`View.mark` of the session at that moment: what was there before does not count."""
    network: int = 0
    """`View.network` at that moment; 0 for a record from before it was kept."""


class Noted(Record, frozen=True, tag="noted"):
    """Something that counts for the lesson was found in the session."""

    facts: dict[str, Finite]


class Hinted(Record, frozen=True, tag="hinted"):
    """A hint was asked for."""


class Answered(Record, frozen=True, tag="answered"):
    """The question about another neuron or picture was answered."""

    question: Question
    values: tuple[Finite, ...]


class Recalled(Record, frozen=True, tag="recalled"):
    """The lesson was asked again, after two others."""

    question: Question
    values: tuple[Finite, ...]


class CourseRecord(Struct, frozen=True, tag_field="type"):
    """Base of the records about a whole course."""

    when: float
    """Seconds since 1970."""


class CourseOpened(CourseRecord, frozen=True, tag="courseOpened"):
    """A course was opened: from now on, it is the one that the learner follows."""

    course: GivenCourse


class CourseClosed(CourseRecord, frozen=True, tag="courseClosed"):
    """The course was closed: the learner follows the course of all lessons."""


Form = Literal["before", "after"]
"""The two parallel forms of a course's test."""


class OfForm(CourseRecord, frozen=True, tag_field="type"):
    """Base of the records about a test."""

    course: str
    """`GivenCourse.identity`, or `given_course.WHOLE`."""
    form: Form


class FormBegun(OfForm, frozen=True, tag="formBegun"):
    """A test was begun."""

    seed: int
    """What its questions were drawn from; both forms of a course have the same."""
    questions: tuple[Question, ...]
    """As they were asked, with their answers."""


class FormAnswered(OfForm, frozen=True, tag="formAnswered"):
    """A question of a test was answered."""

    number: int
    """Which, from 0."""
    values: tuple[Finite, ...]


AnyRecord = (
    Restarted
    | Predicted
    | Noted
    | Hinted
    | Answered
    | Recalled
    | CourseOpened
    | CourseClosed
    | FormBegun
    | FormAnswered
)
