"""The learner of a session: their log, and what follows from it."""

from __future__ import annotations

import time

from pellucid.lessons import course
from pellucid.lessons.course_progress import CourseProgress, TestStage, replay_course
from pellucid.lessons.given_course import GivenCourse
from pellucid.lessons.lesson import Lesson
from pellucid.lessons.log import LessonLog
from pellucid.lessons.progress import Attempt, Progress, replay
from pellucid.lessons.records import AnyRecord, CourseOpened


class Learner:
    """What the rooms of the lessons share.

    Parameters
    ----------
    log : LessonLog
        What the learner did; shared by all sessions of one learner.
    given : GivenCourse, optional
        The course that the studio was started with: the session begins with it.
    fixed : bool
        Whether nobody may leave it.
    """

    def __init__(self, log: LessonLog, given: GivenCourse | None = None, *, fixed: bool = False) -> None:
        self._log = log
        self.fixed = fixed and given is not None
        self._progress, self._course, self._replayed = Progress(), CourseProgress(), -1
        if given is not None:
            self.follow(given)

    def follow(self, given: GivenCourse) -> None:
        """Follow a course, unless it is followed already."""
        if given != self.course.course:
            self.add(CourseOpened(time.time(), given))

    def add(self, record: AnyRecord) -> None:
        """Add a record to the log."""
        self._log.add(record)

    @property
    def is_kept(self) -> bool:
        """Whether the log is kept beyond this process."""
        return self._log.is_kept

    @property
    def records(self) -> list[AnyRecord]:
        """All records, oldest first."""
        return self._log.records

    def _replay(self) -> None:
        if self._replayed != self._log.count:
            records = self._log.records
            self._progress, self._course = replay(records, course.BY_NAME), replay_course(records)
            self._replayed = len(records)

    @property
    def progress(self) -> Progress:
        """The progress in all lessons."""
        self._replay()
        return self._progress

    @property
    def course(self) -> CourseProgress:
        """The course that is followed, and its tests."""
        self._replay()
        return self._course

    def attempt(self, lesson: Lesson) -> Attempt:
        """Return the latest attempt at a lesson."""
        return self.progress.attempt(lesson.name)

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """The lessons of the course that this version knows, in its order."""
        given = self.course.course
        if given is None:
            return course.ALL
        return tuple(course.BY_NAME[name] for name in given.lessons if name in course.BY_NAME)

    @property
    def missing(self) -> list[str]:
        """The names of the others."""
        given = self.course.course
        return [] if given is None else [name for name in given.lessons if name not in course.BY_NAME]

    def following(self, name: str) -> str | None:
        """The lesson of the course that comes next after one, and is not passed yet; after the last, the first."""
        names = [each.name for each in self.lessons]
        at = names.index(name) + 1 if name in names else 0
        return next((each for each in names[at:] + names[:at] if each not in self.progress.passed), None)

    @property
    def test_stage(self) -> TestStage:
        """Which test of the course is open."""
        return self.course.stage([each.name for each in self.lessons], self.progress.passed)
