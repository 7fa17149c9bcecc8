"""Functions as syntax trees: what is carried, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pellucid.lessons import course
from pellucid.studio.sharing.lesson_sheets import OFFLINE
from pellucid.studio.sharing.portable import NotPortableError, portable

LIMIT = 3
NAMES = ("low", "high")
TABLE = {"a": 1}


def helper(value: float) -> str:
    return f"{value:.1f}"


def told(noted: list[dict[str, float]], least: int = 1) -> str:
    """Say how many there are."""
    count = len([facts for facts in noted if facts.get("x", 0) > LIMIT])
    if count < least:
        return NAMES[0]
    return helper(count) + NAMES[1]


def test_a_function_is_carried_with_what_it_calls() -> None:
    found = portable([told])
    assert set(found) == {"told", "helper", "LIMIT", "NAMES"}
    assert found["LIMIT"] == ["value", 3]
    assert found["NAMES"] == ["value", ["low", "high"]]
    assert found["told"][1] == ["noted", ["least", ["value", 1]]]
    assert found["helper"][2] == [["return", ["text", [["format", ["name", "value"], ["text", [["value", ".1f"]]]]]]]]


def of_a_module(value: float) -> float:
    return math.sqrt(value)


def of_a_table(name: str) -> int:
    return TABLE[name]


def with_a_loop(value: int) -> int:
    while value > 1:
        value -= 1
    return value


def with_a_slice(values: list[int]) -> list[int]:
    return values[1:]


def with_a_method(text: str) -> str:
    return text.upper()


@pytest.mark.parametrize("function", [of_a_module, of_a_table, with_a_loop, with_a_slice, with_a_method])
def test_what_a_page_cannot_evaluate_is_refused(function: Any) -> None:
    with pytest.raises(NotPortableError):
        portable([function])


@pytest.mark.parametrize("lesson", OFFLINE, ids=lambda lesson: lesson.name)
def test_the_lessons_can_be_carried(lesson: Any) -> None:
    found = portable([lesson.passed, lesson.status, lesson.gap])
    assert {lesson.passed.__name__, lesson.status.__name__, lesson.gap.__name__} <= set(found)
    assert lesson in course.ALL
