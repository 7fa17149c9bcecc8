"""Courses that teachers give: read back from every form, and refused with a reason where they are none."""

from __future__ import annotations

import base64
import contextlib
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import FileFormatError
from pellucid.lessons import course
from pellucid.lessons.given_course import (
    MAX_TEXT,
    GivenCourse,
    course_code,
    course_file,
    course_of,
    made_course,
    read_course,
)

WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
COURSES = st.builds(
    GivenCourse, WORDS, st.lists(NAMES, min_size=1, max_size=50, unique=True).map(tuple), WORDS, st.just("") | NAMES
)
BIASES = GivenCourse("Biases", ("bias", "knobs"), "Have fun.", "digits-relu")


@given(COURSES)
def test_it_comes_back_from_its_file_its_code_and_a_link(made: GivenCourse) -> None:
    code = course_code(made)
    assert read_course(course_file(made)) == made
    assert read_course(code) == made
    assert read_course(f"http://127.0.0.1:8127/#/read?course={code}") == made
    wrapped = "\n".join(code[at : at + 20] for at in range(0, len(code), 20))
    assert read_course(f"  {wrapped}  ") == made
    assert set(code) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def test_a_course_of_all_lessons_has_a_code_that_fits_a_message() -> None:
    made = made_course("Neural networks from the first pixel on", [each.name for each in course.ALL], "A sentence.")
    assert len(course_code(made)) < 600


def test_the_sentence_may_be_corrected() -> None:
    assert GivenCourse("Biases", ("bias", "knobs"), "Enjoy.", "digits-relu").identity == BIASES.identity
    for other in (("Bias", ("bias", "knobs"), "digits-relu"), ("Biases", ("knobs", "bias"), "digits-relu")):
        assert GivenCourse(other[0], other[1], "Have fun.", other[2]).identity != BIASES.identity


def test_fields_of_a_later_version_are_passed_over() -> None:
    told = json.loads(course_file(BIASES))
    assert read_course(json.dumps({**told, "version": 7, "colour": "blue"})) == BIASES


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pellucid": "result"}, "no course"),
        ({"version": 0}, "no course"),
        ({"title": ""}, "no course"),
        ({"title": "  "}, "one line"),
        ({"title": "x" * 101}, "no course"),
        ({"title": "two\nlines"}, "one line"),
        ({"title": "right\u202eleft"}, "one line"),
        ({"title": 3}, "no course"),
        ({"note": "x" * 301}, "no course"),
        ({"lessons": []}, "no course"),
        ({"lessons": ["bias", "bias"]}, "more than once"),
        ({"lessons": ["Bias"]}, "no course"),
        ({"lessons": ["../bias"]}, "no course"),
        ({"lessons": [f"bias-{number}" for number in range(51)]}, "no course"),
        ({"lessons": "bias"}, "no course"),
        ({"network": "/etc/passwd"}, "no course"),
        ({"network": None}, "no course"),
    ],
)
def test_what_is_no_course_is_refused_with_the_reason(change: dict[str, object], said: str) -> None:
    told = json.dumps({**json.loads(course_file(BIASES)), **change})
    with pytest.raises(FileFormatError, match=said):
        read_course(told)


def packed(told: object) -> str:
    return "pc1-" + base64.urlsafe_b64encode(zlib.compress(json.dumps(told).encode())).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{",
        "{" * 10_000,
        '{"pellucid": "course"}',
        "pc1-",
        "pc1-AAAAAAAAAAAA",
        "pc2-" + course_code(BIASES)[4:],
        course_code(BIASES)[:-6],
        course_code(BIASES)[:30] + "A" + course_code(BIASES)[31:],
        packed(["Biases", "", "", []]),
        packed(["Biases", "", "", ["bias", "bias"]]),
        packed(["two\nlines", "", "", ["bias"]]),
        packed({"title": "Biases"}),
        packed("x" * (1 << 22)),  # 4 MB that deflate to 4 kB
        "x" * (MAX_TEXT + 1),
        "\ud800",
    ],
)
def test_damaged_texts_are_refused(text: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_course(text)
    assert len(str(caught.value)) > 40


@given(st.text(max_size=200) | st.text("pc1-AQ_eJ", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(FileFormatError):
        read_course(text)


def test_the_command_takes_a_file_or_a_code(tmp_path: Path) -> None:
    path = tmp_path / "course.json"
    path.write_text(course_file(BIASES), encoding="utf-8-sig")
    assert course_of(str(path)) == BIASES
    assert course_of(course_code(BIASES)) == BIASES
    (tmp_path / "photo.json").write_bytes(b"\x89PNG\xff\xfe")
    for wrong in (tmp_path / "photo.json", tmp_path / "missing.json", tmp_path, "pc1-AAAAAAAAAA", "a\0b"):
        with pytest.raises(FileFormatError):
            course_of(str(wrong))


def test_a_course_without_any_known_lesson_is_refused_and_names_them() -> None:
    assert course.check_known(GivenCourse("Some", ("bias", "of-tomorrow"))).lessons == ("bias", "of-tomorrow")
    with pytest.raises(FileFormatError, match=r"of-tomorrow, later"):
        course.check_known(GivenCourse("None", ("of-tomorrow", "later")))
