"""How far a learner is in a course and its tests, replayed from the log like `progress`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pellucid.lessons.given_course import WHOLE, GivenCourse
from pellucid.lessons.records import (
    AnyRecord,
    CourseClosed,
    CourseOpened,
    Form,
    FormAnswered,
    FormBegun,
    Predicted,
    Question,
)

MAX_QUESTIONS = 20

TestStage = Literal["before", "lessons", "after", "done"]
"""The test before the course is open; closed, until all lessons are passed; that after it is open; all is done."""


@dataclass(frozen=True)
class Score:
    """How many of some questions were answered rightly."""

    right: int
    total: int


@dataclass
class Sitting:
    """One form of a test, as far as it was answered.

    Attributes
    ----------
    seed : int
    questions : tuple of Question
    answers : dict of int to tuple of float
        By number of the question.
    """

    seed: int
    questions: tuple[Question, ...]
    answers: dict[int, tuple[float, ...]] = field(default_factory=dict)

    @property
    def next(self) -> int | None:
        """The first question without an answer; None for a finished test."""
        return next((number for number in range(len(self.questions)) if number not in self.answers), None)

    @property
    def score(self) -> Score | None:
        """The score of a finished test."""
        if self.next is not None:
            return None
        right = sum(question.right(self.answers[number]) for number, question in enumerate(self.questions))
        return Score(right, len(self.questions))


@dataclass
class CourseProgress:
    """The course that is followed, and the tests of all courses.

    Attributes
    ----------
    course : GivenCourse or None
        The one that is followed; None for the course of all lessons.
    begun : set of str
        The courses of which a lesson was begun, by identity.
    sittings : dict of (str, str) to Sitting
        By the course's identity and the form.
    """

    course: GivenCourse | None = None
    begun: set[str] = field(default_factory=set)
    sittings: dict[tuple[str, Form], Sitting] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """That of the course that is followed."""
        return WHOLE if self.course is None else self.course.identity

    def sitting(self, form: Form) -> Sitting | None:
        """Return a test of the present course; None before it was begun."""
        return self.sittings.get((self.identity, form))

    def score(self, form: Form) -> Score | None:
        """Return the score of a test of the present course; None before it was finished."""
        sitting = self.sitting(form)
        return None if sitting is None else sitting.score

    def stage(self, lessons: Sequence[str], passed: Sequence[str]) -> TestStage:
        """Return which test is open, given the names of the course's lessons and of those that were passed.

        The first is open until a prediction was made in a lesson of the course; the second once all are passed.
        """
        if self.score("after") is not None:
            return "done"
        if self.score("before") is None and self.identity not in self.begun:
            return "before"
        return "after" if lessons and set(lessons) <= set(passed) else "lessons"


def replay_course(records: Iterable[AnyRecord]) -> CourseProgress:
    """Return the course and the tests that follow from a log."""
    progress = CourseProgress()
    for record in records:
        match record:
            case CourseOpened():
                progress.course = record.course
            case CourseClosed():
                progress.course = None
            case Predicted():
                progress.begun.add(WHOLE)
                if progress.course is not None and record.lesson in progress.course.lessons:
                    progress.begun.add(progress.identity)
            case FormBegun() if _is_sound(record):
                earlier = progress.sittings.get((record.course, record.form))
                if earlier is None or earlier.next is not None:
                    progress.sittings[record.course, record.form] = Sitting(record.seed, record.questions)
            case FormAnswered():
                _answer(progress, record)
            case _:
                pass
    return progress


def _answer(progress: CourseProgress, record: FormAnswered) -> None:
    sitting = progress.sittings.get((record.course, record.form))
    # The test before the lessons ends where they begin.
    late = record.form == "before" and record.course in progress.begun
    if sitting is None or late or record.number != sitting.next:
        return
    if sitting.questions[record.number].fault(list(record.values)) is None:
        sitting.answers[record.number] = record.values


def _is_sound(record: FormBegun) -> bool:
    whole = 1 <= len(record.questions) <= MAX_QUESTIONS
    return whole and all(len(question.truth) == question.count for question in record.questions)
