"""All lessons, in the order of the notes."""

from __future__ import annotations

from pellucid.lessons import bias, function, knobs, loops, undecided, weighted_sum
from pellucid.lessons.lesson import Lesson

ALL: tuple[Lesson, ...] = tuple(
    sorted(
        (each.LESSON for each in (undecided, weighted_sum, bias, knobs, function, loops)),
        key=lambda lesson: lesson.number,
    )
)

BY_NAME = {lesson.name: lesson for lesson in ALL}
