"""A learner's result as a file: what a teacher sees is computed again from its records, never read from a flag.

The file names nobody unless the learner types a name, and says nothing about times of day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from pellucid.errors import FileFormatError
from pellucid.lessons.course_progress import CourseProgress, Score, replay_course
from pellucid.lessons.given_course import GivenCourse
from pellucid.lessons.lesson import Lesson
from pellucid.lessons.progress import Attempt, Progress, gap_told, replay
from pellucid.lessons.records import (
    AnyRecord,
    CourseClosed,
    CourseOpened,
    OfForm,
    Recalled,
    Record,
    Restarted,
)
from pellucid.system.version import __version__

MAX_TEXT = 500_000
"""Most characters of a result file."""

MAX_RECORDS = 2_000

WHOLE_TITLE = "All lessons"

LearnerName = Annotated[str, Meta(max_length=60)]


class _File(Struct, frozen=True):
    """What is read of a result file; all else in it is for people."""

    pellucid: Literal["result"]
    version: Annotated[int, Meta(ge=1)]
    made_with: Annotated[str, Meta(max_length=60)]
    records: list[msgspec.Raw]
    name: LearnerName = ""


_files = msgspec.json.Decoder(_File)
_records = msgspec.json.Decoder(AnyRecord)


class LessonResult(Struct, frozen=True):
    """A lesson in a result.

    Attributes
    ----------
    lesson : str
        Its name.
    title : str
    state : str
        How far the learner came.
    prediction : str
        What was predicted, in words; empty before.
    outcome : str
        The prediction beside the outcome; empty unless passed.
    transfer : bool or None
        Whether the question elsewhere was answered rightly; None if it was not.
    hints : int
        Number of hints.
    """

    lesson: str
    title: str
    state: Literal["new", "begun", "passed"]
    prediction: str
    outcome: str
    transfer: bool | None
    hints: int


class Result(Struct, frozen=True):
    """A learner's result, as it follows from their records.

    Attributes
    ----------
    name : str
        What they typed.
    course : GivenCourse or None
        None for all lessons.
    made_with : str
        The version of Pellucid that wrote the file.
    lessons : list of LessonResult
        Those that this version knows, in the order of the course.
    missing : list of str
        The names of the others.
    before, after : Score or None
        Of the tests that were finished.
    left_out : int
        Number of records that this version does not know.
    """

    name: str
    course: GivenCourse | None
    made_with: str
    lessons: list[LessonResult]
    missing: list[str]
    before: Score | None
    after: Score | None
    left_out: int

    @property
    def title(self) -> str:
        """The title of the course."""
        return WHOLE_TITLE if self.course is None else self.course.title

    @property
    def gain(self) -> int | None:
        """How many more answers were right after the lessons than before; None unless both tests are finished."""
        return None if self.before is None or self.after is None else self.after.right - self.before.right


def result_of(
    records: Sequence[AnyRecord], lessons: Mapping[str, Lesson], name: str = "", made_with: str = __version__
) -> Result:
    """Return the result that follows from records, for the course that they follow."""
    progress, course = replay(records, lessons), replay_course(records)
    wanted = tuple(lessons) if course.course is None else course.course.lessons
    return Result(
        name, course.course, made_with,
        [_lesson(lessons[each], progress) for each in wanted if each in lessons],
        [each for each in wanted if each not in lessons], course.score("before"), course.score("after"), 0,
    )  # fmt: skip


def result_file(records: Sequence[AnyRecord], lessons: Mapping[str, Lesson], name: str = "") -> str:
    """Return the text of a learner's result file.

    Parameters
    ----------
    records : sequence of records
        The learner's log.
    lessons : mapping of str to Lesson
    name : str
        Their name, if they want it in the file.
    """
    name = _in_one_line(name)
    summary = msgspec.to_builtins(result_of(records, lessons, name))
    told: dict[str, Any] = {
        "pellucid": "result",
        "version": 1,
        "name": name,
        "made_on": date.today().isoformat(),
        "made_with": __version__,
        "course": summary["course"],
        "lessons": summary["lessons"],
        "tests": {form: summary[form] for form in ("before", "after")},
        "records": _that_count(records, lessons),
    }
    text = msgspec.json.format(msgspec.json.encode(told), indent=1).decode() + "\n"
    if len(text) > MAX_TEXT:
        raise FileFormatError(
            f"Expected a result of at most {MAX_TEXT:,} characters, got {len(text):,}: begin the longest lesson again."
        )
    return text


def read_result(text: str, lessons: Mapping[str, Lesson]) -> Result:
    """Read a result file. Everything but the name is computed again from its records.

    Raises
    ------
    FileFormatError
        If it is none.
    """
    if len(text) > MAX_TEXT:
        raise FileFormatError(
            f"Expected a result file of at most {MAX_TEXT:,} characters, got {len(text):,}: this is something else."
        )
    try:
        file = _files.decode(text.strip().removeprefix("\ufeff"))
    except (msgspec.DecodeError, UnicodeEncodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileFormatError(
            f"This is no result that this version can read ({error or 'nested too deep'}): ask for it again, or update "
            "Pellucid."
        ) from None
    if len(file.records) > MAX_RECORDS:
        raise FileFormatError(
            f"Expected at most {MAX_RECORDS:,} records in a result, got {len(file.records):,}: this is something else."
        )
    records, left_out = [], 0
    for raw in file.records:
        try:
            records.append(_records.decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            left_out += 1
    found = result_of(records, lessons, _in_one_line(file.name), _in_one_line(file.made_with))
    return msgspec.structs.replace(found, left_out=left_out)


def _in_one_line(text: str) -> str:
    return "".join(each for each in text if each.isprintable()).strip()


def _lesson(lesson: Lesson, progress: Progress) -> LessonResult:
    attempt = progress.passing.get(lesson.name) or progress.attempt(lesson.name)
    state: Literal["new", "begun", "passed"] = (
        "passed" if lesson.name in progress.passed else "begun" if attempt.predicted is not None else "new"
    )
    answered = attempt.answered
    return LessonResult(
        lesson.name, lesson.title, state, _prediction(attempt), gap_told(lesson, attempt),
        None if answered is None else answered.question.right(answered.values), attempt.hints,
    )  # fmt: skip


def _prediction(attempt: Attempt) -> str:
    """A prediction in words."""
    if attempt.predicted is None:
        return ""
    question, values = attempt.predicted.question, attempt.predicted.values
    if question.kind == "curves":
        return f"{len(question.rows)} curves at {len(question.points)} points each"
    if question.kind == "number":
        return "; ".join(f"{value:g} {question.unit}".strip() for value in values)
    return "; ".join(question.options[int(value)] for value in values)


def _that_count(records: Sequence[AnyRecord], lessons: Mapping[str, Lesson]) -> list[AnyRecord]:
    """The records from which a result follows, in their order: a course's own, and of its lessons the attempts to keep.

    Of each lesson these are the first attempt that passed, and the latest one.
    """
    followed = replay_course(records)
    wanted = set(lessons) if followed.course is None else set(followed.course.lessons)
    attempts: dict[str, list[list[int]]] = {}
    kept: list[int] = []
    for number, record in enumerate(records):
        match record:
            case CourseOpened() | CourseClosed():
                kept.append(number)
            case OfForm():
                kept += [number] * (record.course == followed.identity)
            case Restarted() if record.lesson in wanted:
                attempts.setdefault(record.lesson, []).append([number])
            case Recalled():
                pass
            case Record() if record.lesson in wanted:
                attempts.setdefault(record.lesson, [[]])[-1].append(number)
            case _:
                pass
    for tried in attempts.values():
        passing = (each for each in tried if replay([records[number] for number in each], lessons).passed)
        kept += {*next(passing, []), *tried[-1]}
    return [_of_course(records[number], followed) for number in sorted(kept)]


def _of_course(record: AnyRecord, followed: CourseProgress) -> AnyRecord:
    """A record as it is told to others: without its time, and without other courses."""
    if isinstance(record, CourseOpened) and record.course != followed.course:
        return CourseClosed(0.0)
    return msgspec.structs.replace(record, when=0.0)
