"""All lessons, in the order of the notes."""

from __future__ import annotations

from pellucid.errors import FileFormatError
from pellucid.lessons import (
    bias,
    convolution,
    function,
    grey_levels,
    knobs,
    learning_rate,
    loops,
    noise,
    nudges,
    race,
    sounds,
    straight_line,
    undecided,
    weighted_sum,
)
from pellucid.lessons.given_course import GivenCourse
from pellucid.lessons.lesson import Lesson

_MODULES = (
    bias,
    convolution,
    function,
    grey_levels,
    knobs,
    learning_rate,
    loops,
    noise,
    nudges,
    race,
    sounds,
    straight_line,
    undecided,
    weighted_sum,
)

ALL: tuple[Lesson, ...] = tuple(sorted((module.LESSON for module in _MODULES), key=lambda lesson: lesson.number))

BY_NAME = {lesson.name: lesson for lesson in ALL}


def check_known(given: GivenCourse) -> GivenCourse:
    """Return a course of which this version has a lesson.

    Raises
    ------
    FileFormatError
        If it has none of them.
    """
    if not any(name in BY_NAME for name in given.lessons):
        named = ", ".join(given.lessons[:5])
        raise FileFormatError(f"This version has none of the lessons of this course ({named}): update Pellucid.")
    return given
