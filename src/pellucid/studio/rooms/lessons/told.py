"""What the page is told of lessons, questions and courses."""

from __future__ import annotations

from pellucid.lessons import course
from pellucid.lessons.course_progress import Score
from pellucid.lessons.lesson import Lesson
from pellucid.lessons.progress import Progress
from pellucid.lessons.records import Question
from pellucid.studio.protocol import lessons as messages
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.lessons.learner import Learner


def lessons_told(request: int, learner: Learner) -> messages.Lessons:
    """All lessons, the course and its test."""
    found = [lesson_told(lesson, learner.progress) for lesson in course.ALL]
    return messages.Lessons(request, found, learner.is_kept, _course_told(learner), _test_told(learner))


def lesson_told(lesson: Lesson, progress: Progress) -> messages.LessonInfo:
    """A lesson, and how far the learner has come in it."""
    begun = progress.attempt(lesson.name).predicted is not None
    return messages.LessonInfo(
        lesson.name, lesson.number, lesson.title, lesson.line, lesson.room, lesson.revealing,
        lesson.minutes,
        "passed" if lesson.name in progress.passed else "begun" if begun else "new",
    )  # fmt: skip


def question_told(
    question: Question, values: tuple[float, ...] | None, *, truth: bool, outcome: tuple[float, ...] = ()
) -> messages.QuestionInfo:
    """A question; the truth, or what came of it, only once it may be seen."""
    answered = truth and values is not None
    known = answered and bool(question.truth)
    return messages.QuestionInfo(
        question.kind, question.text, list(question.options), list(question.rows), question.unit, question.low,
        question.high, None if values is None else list(values),
        list(question.truth if known else outcome) if answered and (known or outcome) else None,
        question.right(values) if known and values is not None else None, question.told if known else "",
        list(question.points), question.axis,
    )  # fmt: skip


def checked(question: Question, values: list[float]) -> tuple[float, ...]:
    """Return an answer that fits its question.

    Raises
    ------
    RefusedError
        If it does not.
    """
    fault = question.fault(values)
    if fault is not None:
        raise RefusedError("bad_value", fault)
    return tuple(float(value) for value in values)


def score_told(score: Score | None) -> messages.TestScore | None:
    """The score of a test."""
    return None if score is None else messages.TestScore(score.right, score.total)


def _course_told(learner: Learner) -> messages.CourseInfo | None:
    given = learner.course.course
    if given is None:
        return None
    names = [each.name for each in learner.lessons]
    return messages.CourseInfo(given.title, given.note, given.network, names, learner.missing, learner.fixed)


def _test_told(learner: Learner) -> messages.TestInfo:
    followed, stage = learner.course, learner.test_stage
    sitting = followed.sitting(stage) if stage in ("before", "after") else None
    before = followed.score("before")
    return messages.TestInfo(
        stage, 0 if sitting is None else len(sitting.answers),
        score_told(before) if stage == "done" else None, score_told(followed.score("after")), before is not None,
    )  # fmt: skip
