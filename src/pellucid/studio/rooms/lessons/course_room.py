"""Courses in a session: opened and made, tested before and after, and told to a teacher as files."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence

from pellucid.errors import FileFormatError
from pellucid.lessons import course
from pellucid.lessons.assessment.form import draw_form, unsuited_for_test
from pellucid.lessons.course_progress import Sitting
from pellucid.lessons.given_course import course_code, course_file, made_course, read_course
from pellucid.lessons.records import CourseClosed, Form, FormAnswered, FormBegun
from pellucid.lessons.result import Result, read_result, result_file
from pellucid.studio.protocol import courses as messages
from pellucid.studio.protocol.lessons import QuestionInfo
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.lessons.learner import Learner
from pellucid.studio.rooms.lessons.told import checked, lessons_told, question_told, score_told
from pellucid.studio.rooms.lessons.view import LessonViews
from pellucid.studio.state.class_rules import locked
from pellucid.studio.state.session_state import SessionState

MAX_RESULTS = 200
"""Most result files that are open at a time."""


class CourseRoom:
    """The courses beside the rooms.

    Parameters
    ----------
    state : SessionState
    learner : Learner
    views : LessonViews
    """

    def __init__(self, state: SessionState, learner: Learner, views: LessonViews) -> None:
        self._state, self._learner, self._views = state, learner, views
        self._results: dict[str, Result] = {}

    def open(self, request: messages.OpenCourse) -> None:
        """Follow a course that somebody gave."""
        self._check_free()
        self._learner.follow(course.check_known(read_course(request.text)))
        self._state.send(lessons_told(request.id, self._learner), key="lessons")

    def close(self, request: messages.CloseCourse) -> None:
        """Follow all lessons again."""
        self._check_free()
        if self._learner.course.course is not None:
            self._learner.add(CourseClosed(time.time()))
        self._state.send(lessons_told(request.id, self._learner), key="lessons")

    def _check_free(self) -> None:
        if self._learner.fixed:
            raise locked("the course stays what it is")

    def make(self, request: messages.MakeCourse) -> None:
        """Make a course to give to others."""
        unknown = [name for name in request.lessons if name not in course.BY_NAME]
        if unknown:
            raise RefusedError(
                "unavailable", f"Expected lessons of this version, got {unknown[0][:60]!r}: reload the page."
            )
        if request.network and request.network not in self._state.catalog.networks:
            raise RefusedError("unavailable", f"Expected a shipped network, got {request.network[:60]!r}: choose one.")
        made = made_course(request.title, request.lessons, request.note, request.network)
        self._state.send(messages.CourseMade(request.id, course_code(made), course_file(made)))

    def begin_test(self, request: messages.BeginTest) -> None:
        """Begin the test that is open, or go on with it."""
        form = self._open_form()
        sitting = self._learner.course.sitting(form)
        if sitting is None or sitting.next is None:
            self._draw(form)
        self._show(request.id, form)

    def _open_form(self) -> Form:
        stage = self._learner.test_stage
        if stage == "lessons":
            raise RefusedError("out_of_order", "No test is open: the second one opens once all lessons are passed.")
        if stage == "done":
            raise RefusedError("out_of_order", "Both tests are done: look at the answers.")
        return stage

    def _draw(self, form: Form) -> None:
        view, followed = self._views.now(), self._learner.course
        reason = unsuited_for_test(view)
        if reason is not None:
            raise RefusedError("unavailable", f"The test cannot be made of this network. {reason}")
        earlier = followed.sitting("before")
        seed = secrets.randbits(31) if earlier is None else earlier.seed
        lessons = [each.name for each in self._learner.lessons]
        questions = draw_form(view, lessons, seed, form)
        self._learner.add(FormBegun(time.time(), followed.identity, form, seed, questions))

    def answer_test(self, request: messages.AnswerTest) -> None:
        """Take the answer to the question that is shown."""
        form = self._open_form()
        sitting = self._learner.course.sitting(form)
        if sitting is None or sitting.next is None or sitting.next != request.number:
            raise RefusedError("out_of_order", "This question is not open: begin the test, or go on with it.")
        values = checked(sitting.questions[request.number], request.values)
        self._learner.add(FormAnswered(time.time(), self._learner.course.identity, form, request.number, values))
        self._show(request.id, form)
        self._state.send(lessons_told(request.id, self._learner), key="lessons")

    def _show(self, request: int, form: Form) -> None:
        sitting = self._learner.course.sitting(form)
        if sitting is not None:
            number, total = sitting.next, len(sitting.questions)
            question = None if number is None else question_told(sitting.questions[number], None, truth=False)
            shown = total if number is None else number
            self._state.send(messages.TestShown(request, form, shown, total, question), key="test")

    def test_answers(self, request: messages.AskTestAnswers) -> None:
        """Tell the answers of the finished tests."""
        if self._learner.test_stage != "done":
            raise RefusedError("out_of_order", "The answers are shown once the second test is finished.")
        followed = self._learner.course
        before, after = followed.sitting("before"), followed.sitting("after")
        self._state.send(messages.TestAnswers(request.id, _answers(before), _answers(after)), key="testAnswers")

    def result(self, request: messages.MakeResult) -> None:
        """Send the learner's result as a file."""
        if len(request.name) > 60:
            raise RefusedError("bad_value", f"Expected a name of at most 60 characters, got {len(request.name)}.")
        told = result_file(self._learner.records, course.BY_NAME, request.name)
        words = re.sub(r"[^\w-]+", "-", request.name).strip("-")
        self._state.send(messages.ResultMade(request.id, told, f"result-{words}.json" if words else "result.json"))

    def add_result(self, request: messages.AddResult) -> None:
        """Open a learner's result file."""
        if len(self._results) >= MAX_RESULTS and request.file not in self._results:
            raise RefusedError("too_large", f"Expected at most {MAX_RESULTS} results: close those that are open first.")
        try:
            self._results[request.file] = read_result(request.text, course.BY_NAME)
        except FileFormatError as error:
            raise RefusedError("bad_value", f"{request.file[:80]}: {error}") from None
        self._send_results(request.id)

    def clear_results(self, request: messages.ClearResults) -> None:
        """Close all result files."""
        self._results.clear()
        self._send_results(request.id)

    def _send_results(self, request: int) -> None:
        """Send one table for each course."""
        tables: dict[str, messages.ResultTable] = {}
        for file, result in self._results.items():
            identity = "" if result.course is None else result.course.identity
            titles = [each.title for each in result.lessons]
            table = tables.setdefault(identity, messages.ResultTable(result.title, titles, result.missing, []))
            table.rows.append(_row(file, result))
        self._state.send(messages.Results(request, list(tables.values())), key="results")


def _answers(sitting: Sitting | None) -> list[QuestionInfo]:
    if sitting is None or sitting.next is not None:
        return []
    return [
        question_told(question, sitting.answers[number], truth=True)
        for number, question in enumerate(sitting.questions)
    ]


def _row(file: str, result: Result) -> messages.ResultRow:
    lessons: Sequence[messages.ResultLesson] = [
        messages.ResultLesson(each.title, each.state, each.prediction, each.outcome, each.transfer, each.hints)
        for each in result.lessons
    ]
    return messages.ResultRow(
        file, result.name, result.made_with, list(lessons), score_told(result.before), score_told(result.after),
        result.gain, result.left_out,
    )  # fmt: skip
