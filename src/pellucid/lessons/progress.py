"""Progress, replayed from the log: nothing else is stored, so nothing can contradict it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pellucid.lessons.lesson import Lesson
from pellucid.lessons.records import (
    Answered,
    AnyRecord,
    Facts,
    Hinted,
    Noted,
    Predicted,
    Recalled,
    Record,
    Restarted,
)

UNSUITED_FACTS = (LookupError, ValueError, TypeError, ArithmeticError)
"""What a lesson raises for facts that an earlier version, or another learner's file, noted differently."""

Stage = Literal["predict", "do", "done"]

RECALL_AFTER = 2
"""A lesson is asked again once so many others have been passed after it."""


@dataclass
class Attempt:
    """The latest attempt at a lesson.

    Attributes
    ----------
    predicted : Predicted or None
    noted : list of dict
        What counts, in order.
    found : dict or None
        What passed the check.
    hints : int
        Number of hints asked for.
    answered : Answered or None
        The answer to the question about another neuron or picture.
    """

    predicted: Predicted | None = None
    noted: list[Facts] = field(default_factory=list)
    found: Facts | None = None
    hints: int = 0
    answered: Answered | None = None

    @property
    def stage(self) -> Stage:
        """Where the learner is."""
        if self.predicted is None:
            return "predict"
        return "do" if self.found is None else "done"


@dataclass
class Progress:
    """All attempts of one learner.

    Attributes
    ----------
    attempts : dict of str to Attempt
        The latest one of each lesson.
    passed : list of str
        The lessons passed in any attempt, in the order of the first time.
    passing : dict of str to Attempt
        The first attempt at each lesson that passed.
    recalled : dict of str to Recalled
        The lessons that were asked again.
    """

    attempts: dict[str, Attempt] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)
    passing: dict[str, Attempt] = field(default_factory=dict)
    recalled: dict[str, Recalled] = field(default_factory=dict)

    def attempt(self, name: str) -> Attempt:
        """Return the latest attempt at a lesson."""
        return self.attempts.setdefault(name, Attempt())

    def due(self) -> str | None:
        """Return the lesson to ask again: the first that was passed two others ago."""
        waiting = self.passed[:-RECALL_AFTER]
        return next((name for name in waiting if name not in self.recalled), None)


def replay(records: Iterable[AnyRecord], lessons: Mapping[str, Lesson]) -> Progress:
    """Return the progress that follows from a log.

    Records of lessons that no longer exist are passed over. The checks are those of the present version; what they
    cannot judge does not pass.
    """
    progress = Progress()
    for record in records:
        lesson = lessons.get(record.lesson) if isinstance(record, Record) else None
        if lesson is not None:
            _apply(progress, record, lesson)
    return progress


def gap_told(lesson: Lesson, attempt: Attempt) -> str:
    """Return the prediction of an attempt beside its outcome; empty before the check has passed."""
    if attempt.predicted is None or attempt.found is None:
        return ""
    try:
        return lesson.gap(attempt.predicted.question, attempt.predicted.values, attempt.found)
    except UNSUITED_FACTS:
        return ""


def _found(lesson: Lesson, attempt: Attempt, predicted: Predicted) -> Facts | None:
    try:
        return lesson.passed(predicted.question, attempt.noted)
    except UNSUITED_FACTS:
        return None


def _apply(progress: Progress, record: AnyRecord, lesson: Lesson) -> None:
    attempt = progress.attempt(lesson.name)
    match record:
        case Restarted():
            progress.attempts[lesson.name] = Attempt()
        case Predicted() if attempt.predicted is None and _is_sound(record, lesson):
            attempt.predicted = record
        case Noted() if attempt.predicted is not None and attempt.found is None:
            attempt.noted.append(record.facts)
            attempt.found = _found(lesson, attempt, attempt.predicted)
            if attempt.found is not None and lesson.name not in progress.passed:
                progress.passed.append(lesson.name)
                progress.passing[lesson.name] = attempt
        case Hinted():
            attempt.hints = min(attempt.hints + 1, 3)
        case Answered() if attempt.found is not None and attempt.answered is None and _is_sound(record):
            attempt.answered = record
        case Recalled() if _is_sound(record):
            progress.recalled[lesson.name] = record


def _is_sound(record: Predicted | Answered | Recalled, lesson: Lesson | None = None) -> bool:
    """Whether an answer fits its question, and the question still suits the lesson."""
    question = record.question
    complete = lesson is None or set(lesson.needs) <= set(question.setting)
    return complete and question.fault(list(record.values)) is None
