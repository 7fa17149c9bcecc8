"""Courses in a session: followed, tested before and after, left and resumed, and told to a teacher."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lessons.learner import SOLVERS, Learner
from lessons.oracle import Oracle
from pellucid.cli.studio import studio as command
from pellucid.errors import FileFormatError
from pellucid.lessons import course
from pellucid.lessons.course_progress import Score, replay_course
from pellucid.lessons.given_course import GivenCourse, course_code, course_file
from pellucid.lessons.lesson import Lesson
from pellucid.lessons.log import LessonLog
from pellucid.lessons.progress import replay
from pellucid.lessons.records import FormAnswered, FormBegun, Noted, Predicted, Question
from pellucid.lessons.result import MAX_RECORDS, MAX_TEXT, read_result, result_file
from pellucid.studio.session import Session
from pellucid.studio.state.class_rules import ClassRules
from studio.fake_page import EmbeddedCatalog, Event, Page

SHORT = GivenCourse("Two lessons", ("function", "bias"), "Take your time.", "digits-sigmoid")
CODE = course_code(SHORT)


def lessons_of(events: list[Event]) -> Event:
    [found] = [event for event in events if event.type == "lessons"]
    return found


def listed(learner: Learner) -> Event:
    return lessons_of(learner.ask("askLessons"))


def take_test(learner: Learner, right: bool, most: int = 20) -> list[str]:
    """Answer the open test, as somebody who knows all or has everything wrong; return the questions."""
    oracle, asked = Oracle("digits-sigmoid"), []
    shown = learner.page.asked("beginTest", "testShown")
    while shown.question is not None and len(asked) < most:
        question = Question(**{name: shown.question[name] for name in ("kind", "text", "unit", "low", "high")},
                            options=tuple(shown.question["options"]))  # fmt: skip
        assert shown.question["truth"] is None
        known = oracle.answer(question)
        wrong = (known + 1) % len(question.options) if question.options else question.low
        learner.ask("answerTest", number=shown.number, values=[known if right else wrong])
        asked.append(question.text)
        if shown.number + 1 == shown.total:
            break
        shown = learner.page.asked("beginTest", "testShown")
    return asked


def pass_lesson(learner: Learner, name: str) -> None:
    learner.predict(name)
    SOLVERS[name](learner)
    assert learner.stage == "done"
    learner.ask("resetKnobs", to="trained")


def finished(learner: Learner | None = None) -> Learner:
    """Somebody who has done the short course with both tests."""
    learner = learner or Learner()
    learner.ask("openCourse", text=CODE)
    take_test(learner, right=False)
    for name in SHORT.lessons:
        pass_lesson(learner, name)
    take_test(learner, right=True)
    return learner


def test_a_course_leads_through_its_lessons_in_its_order() -> None:
    learner = Learner()
    opened = lessons_of(learner.ask("openCourse", text=course_file(SHORT)))
    assert opened.course == {
        "title": "Two lessons", "note": "Take your time.", "network": "digits-sigmoid", "lessons": ["function", "bias"],
        "missing": [], "fixed": False,
    }  # fmt: skip
    assert [each["name"] for each in opened.fields["lessons"]] == [each.name for each in course.ALL]
    pass_lesson(learner, "function")
    assert learner.shown is not None
    assert learner.shown.next == "bias"
    pass_lesson(learner, "bias")
    assert learner.shown.next is None
    assert lessons_of(learner.ask("closeCourse")).course is None
    learner.open("bias")
    assert learner.shown.next not in (None, "function", "bias")


def test_lessons_of_a_later_version_are_named_and_stop_nobody() -> None:
    learner = Learner()
    made = GivenCourse("From tomorrow", ("of-tomorrow", "function", "later"))
    opened = lessons_of(learner.ask("openCourse", text=course_code(made)))
    assert (opened.course["lessons"], opened.course["missing"]) == (["function"], ["of-tomorrow", "later"])
    pass_lesson(learner, "function")
    assert listed(learner).test["stage"] == "after"


@pytest.mark.parametrize(
    "text", ["", "hello", CODE[:-4], '{"pellucid": "course"}', course_code(GivenCourse("x", ("y",)))]
)
def test_what_is_no_course_changes_nothing(text: str) -> None:
    learner = Learner()
    learner.ask("openCourse", text=CODE)
    assert learner.page.refused("openCourse", text=text) == "bad_value"
    assert listed(learner).course["title"] == "Two lessons"


def test_a_teacher_makes_a_course() -> None:
    learner = Learner()
    made = learner.page.asked(
        "makeCourse", "courseMade", title=" Two lessons ", note="Take your time.", lessons=["function", "bias"],
        network="digits-sigmoid",
    )  # fmt: skip
    assert (made.code, made.file) == (CODE, course_file(SHORT))
    fields = {"title": "T", "note": "", "lessons": ["bias"], "network": ""}
    for change, code in (
        ({"title": ""}, "bad_value"),
        ({"title": "x" * 101}, "bad_value"),
        ({"note": "x" * 301}, "bad_value"),
        ({"lessons": []}, "bad_value"),
        ({"lessons": ["bias", "bias"]}, "bad_value"),
        ({"lessons": ["of-tomorrow"]}, "unavailable"),
        ({"network": "mine"}, "unavailable"),
    ):
        assert learner.page.refused("makeCourse", **{**fields, **change}) == code
    assert learner.log.count == 0


def test_both_tests_are_taken_scored_and_answered_only_at_the_end() -> None:
    learner = Learner()
    learner.ask("openCourse", text=CODE)
    before = take_test(learner, right=False)
    told = listed(learner).test
    assert told == {"stage": "lessons", "answered": 0, "before": None, "after": None, "taken": True}
    assert learner.page.refused("beginTest") == "out_of_order"
    assert learner.page.refused("askTestAnswers") == "out_of_order"
    for name in SHORT.lessons:
        pass_lesson(learner, name)
    after = take_test(learner, right=True)
    assert not set(before) & set(after)
    count = len(after)
    told = listed(learner).test
    assert (told["stage"], told["after"]) == ("done", {"right": count, "total": count})
    assert told["before"]["right"] == 0
    answers = learner.page.asked("askTestAnswers", "testAnswers")
    assert [each["right"] for each in answers.before] == [False] * count
    assert [each["right"] for each in answers.after] == [True] * count
    assert all(each["told"] for each in answers.before + answers.after)
    assert learner.page.refused("beginTest") == "out_of_order"


def test_the_first_test_ends_where_the_lessons_begin() -> None:
    learner = Learner()
    learner.ask("openCourse", text=CODE)
    take_test(learner, right=True, most=3)
    assert listed(learner).test["answered"] == 3
    learner.predict("knobs")  # not of the course
    assert listed(learner).test["stage"] == "before"
    learner.predict("bias")
    assert listed(learner).test["stage"] == "lessons"
    assert learner.page.refused("answerTest", number=3, values=[0.0]) == "out_of_order"
    learner.ask("closeCourse")
    assert listed(learner).test["stage"] == "lessons"  # a lesson among all has begun


def test_without_the_first_test_the_second_has_a_score_and_no_gain() -> None:
    learner = Learner()
    learner.ask("openCourse", text=CODE)
    for name in SHORT.lessons:
        pass_lesson(learner, name)
    take_test(learner, right=True)
    told = listed(learner).test
    assert (told["before"], told["taken"]) == (None, False)
    assert told["after"]["right"] == told["after"]["total"]
    result = read_result(learner.page.asked("makeResult", "resultMade", name="").file, course.BY_NAME)
    assert result.gain is None


def test_answers_that_are_none_are_refused_and_the_question_stays() -> None:
    learner = Learner()
    assert learner.page.refused("answerTest", number=0, values=[0.0]) == "out_of_order"
    shown = learner.page.asked("beginTest", "testShown")
    for number, values, code in ((1, [0.0], "out_of_order"), (0, [1e29], "bad_value"), (0, [0.0, 0.0], "bad_value")):
        assert learner.page.refused("answerTest", number=number, values=values) == code
    again = learner.page.asked("beginTest", "testShown")
    assert again.question == shown.question


def test_a_network_that_no_test_can_be_made_of_is_told() -> None:
    learner = Learner("digits-conv")
    [failed] = learner.page.ask("beginTest")
    assert failed.code == "unavailable"
    assert "digits-sigmoid" in failed.message


def test_it_is_left_in_the_middle_of_a_test_and_resumed_on_another_day(tmp_path: Path) -> None:
    path = tmp_path / "lessons.jsonl"
    learner = Learner(log=LessonLog(path))
    learner.ask("openCourse", text=CODE)
    asked = take_test(learner, right=True, most=4)
    path.write_bytes(path.read_bytes() + b'{"type":"formAnswered","course":"x","fo')  # the machine stopped
    resumed = Learner(log=LessonLog(path))
    told = listed(resumed)
    assert (told.course["title"], told.test["answered"]) == ("Two lessons", 4)
    assert not set(asked) & set(take_test(resumed, right=True))
    assert replay_course(LessonLog(path).records).score("before") == Score(8, 8)


def test_an_update_of_the_lessons_keeps_the_course_and_its_tests(tmp_path: Path) -> None:
    """A lesson that is gone, and facts and tests of another version, block nobody."""
    path = tmp_path / "lessons.jsonl"
    finished(Learner(log=LessonLog(path)))
    lines = path.read_text().splitlines()
    changed = [line.replace('"accuracy"', '"share"').replace('"zeros"', '"noughts"') for line in lines]
    path.write_text("\n".join([*changed, '{"type":"courseRated","when":1,"stars":5}']))
    records = LessonLog(path).records
    assert replay(records, course.BY_NAME).passed == ["function"]
    followed = replay_course(records)
    assert followed.course == SHORT
    assert followed.score("after") == Score(8, 8)
    resumed = Learner(log=LessonLog(path))
    assert listed(resumed).test["stage"] == "done"
    resumed.ask("restartLesson", lesson="bias")
    pass_lesson(resumed, "bias")
    without = {name: lesson for name, lesson in course.BY_NAME.items() if name != "bias"}
    assert replay(records, without).passed == ["function"]


def test_facts_that_a_lesson_cannot_judge_do_not_pass() -> None:
    def passed(question: Question, noted: Any) -> Any:
        return {"way": 1 / noted[-1]["distance"]}

    lesson: Lesson = course.BY_NAME["function"]
    fragile = {"function": _with(lesson, passed=passed)}
    question = Question("choice", "?", ("a", "b"), setting=dict.fromkeys(lesson.needs, 1.0))
    records = [Predicted("function", 0.0, question, (0.0,))]
    for facts in ({}, {"distance": 0.0}):
        assert replay([*records, Noted("function", 0.0, facts)], fragile).passed == []
    assert replay([*records, Noted("function", 0.0, {"distance": 2.0})], fragile).passed == ["function"]


def _with(lesson: Lesson, **changes: Any) -> Lesson:
    from dataclasses import replace

    return replace(lesson, **changes)


def test_a_test_without_answers_in_its_questions_is_no_test() -> None:
    question = Question("choice", "?", ("a", "b"))
    records = [FormBegun(0.0, "all", "before", 1, (question,)), FormAnswered(0.0, "all", "before", 0, (0.0,))]
    assert replay_course(records).sittings == {}
    assert replay_course([FormAnswered(0.0, "all", "before", 0, (0.0,))]).sittings == {}


def test_the_result_file_tells_what_was_done_and_nobody() -> None:
    learner = finished()
    made = learner.page.asked("makeResult", "resultMade", name="")
    told = json.loads(made.file)
    assert made.fileName == "result.json"
    assert (told["pellucid"], told["name"], told["course"]["title"]) == ("result", "", "Two lessons")
    assert [(each["title"], each["state"]) for each in told["lessons"]] == [
        (course.BY_NAME[name].title, "passed") for name in SHORT.lessons
    ]
    assert told["tests"] == {"before": {"right": 0, "total": 8}, "after": {"right": 8, "total": 8}}
    assert {record["when"] for record in told["records"]} == {0.0}
    assert "it is" in told["lessons"][1]["outcome"]
    named = learner.page.asked("makeResult", "resultMade", name="Ada / ../L.")
    assert named.fileName == "result-Ada-L.json"
    assert json.loads(named.file)["name"] == "Ada / ../L."
    assert learner.page.refused("makeResult", name="x" * 61) == "bad_value"


def test_a_result_has_only_the_records_of_its_course() -> None:
    learner = Learner()
    pass_lesson(learner, "knobs")
    learner.ask("openCourse", text=course_code(GivenCourse("Of somebody else", ("loops",))))
    learner.page.asked("beginTest", "testShown")
    finished(learner)
    text = learner.page.asked("makeResult", "resultMade", name="").file
    assert "Of somebody else" not in text
    assert {record.get("lesson") for record in json.loads(text)["records"]} == {None, "function", "bias"}
    assert read_result(text, course.BY_NAME).gain == 8


def test_attempts_between_the_first_passed_and_the_last_are_left_out() -> None:
    learner = Learner()
    learner.ask("openCourse", text=CODE)
    for _ in range(3):
        learner.open("function")
        learner.ask("restartLesson", lesson="function")
        pass_lesson(learner, "function")
    learner.ask("restartLesson", lesson="function")
    records = learner.log.records
    told = json.loads(result_file(records, course.BY_NAME))
    assert sum(record["type"] == "predicted" for record in told["records"]) == 1
    assert read_result(json.dumps(told), course.BY_NAME).lessons[0].state == "passed"


def test_the_table_is_computed_again_from_the_records() -> None:
    text = finished().page.asked("makeResult", "resultMade", name="Ada").file
    honest = read_result(text, course.BY_NAME)
    assert (honest.name, honest.before, honest.after, honest.gain) == ("Ada", Score(0, 8), Score(8, 8), 8)
    told = json.loads(text)
    told["lessons"] = []
    told["tests"] = {"before": {"right": 8, "total": 8}}
    assert read_result(json.dumps(told), course.BY_NAME) == honest
    told["records"] = [each for each in told["records"] if each["type"] != "noted"]
    assert [each.state for each in read_result(json.dumps(told), course.BY_NAME).lessons] == ["begun", "begun"]
    told["records"] = [*json.loads(text)["records"], {"type": "courseRated", "when": 0}, 3, None]
    assert read_result(json.dumps(told), course.BY_NAME).left_out == 3


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{" * 9000, course_file(SHORT), '{"pellucid": "result", "version": 1}', "x" * (MAX_TEXT + 1),
        "\ud800",
        json.dumps({"pellucid": "result", "version": 1, "made_with": "1", "records": [1] * (MAX_RECORDS + 1)}),
        json.dumps({"pellucid": "result", "version": 1, "made_with": "1", "records": [], "name": "x" * 61}),
        json.dumps({"pellucid": "result", "version": "1", "made_with": "1", "records": []}),
    ],
)  # fmt: skip
def test_what_is_no_result_is_refused(text: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_result(text, course.BY_NAME)
    assert len(str(caught.value)) > 40


def test_a_teacher_opens_several_results() -> None:
    ada = finished().page.asked("makeResult", "resultMade", name="Ada").file
    other = Learner()
    other.predict("bias")
    nobody = other.page.asked("makeResult", "resultMade", name="").file
    teacher = Learner().page
    teacher.asked("addResult", "results", file="ada.json", text=ada)
    teacher.asked("addResult", "results", file="b.json", text=nobody)
    shown = teacher.asked("addResult", "results", file="ada.json", text=ada)
    assert [(table["title"], len(table["rows"])) for table in shown.tables] == [("Two lessons", 1), ("All lessons", 1)]
    [row] = shown.tables[0]["rows"]
    assert (row["name"], row["gain"], row["before"]) == ("Ada", 8, {"right": 0, "total": 8})
    assert [each["state"] for each in row["lessons"]] == ["passed", "passed"]
    assert [each["state"] for each in shown.tables[1]["rows"][0]["lessons"]].count("begun") == 1
    assert teacher.refused("addResult", file="c.json", text="hello") == "bad_value"
    assert teacher.asked("clearResults", "results").tables == []


def test_a_studio_that_was_started_with_a_course_begins_with_it(tmp_path: Path) -> None:
    log = LessonLog(tmp_path / "lessons.jsonl")
    for _ in range(2):
        page = Page(Session("a", EmbeddedCatalog(lessons=log), "digits-sigmoid", course=SHORT))
        [welcome] = [event for event in page.greeting if event.type == "welcome"]
        assert welcome.course == "Two lessons"
        assert lessons_of(page.ask("askLessons")).course["fixed"] is False
    assert log.count == 1
    assert lessons_of(page.ask("closeCourse")).course is None


@pytest.mark.parametrize(
    ("options", "model"),
    [
        ([], "digits-sigmoid"),
        (["--class"], "digits-sigmoid"),
        (["--model", "digits-relu"], "digits-relu"),
        (["--data", "."], None),
    ],
)
def test_the_command_leads_through_a_course_with_its_network(
    monkeypatch: pytest.MonkeyPatch, options: list[str], model: str | None
) -> None:
    passed: list[Any] = []
    monkeypatch.setattr(
        "pellucid.studio.serving.server.serve", lambda model, *, course, **_: passed.append((model, course))
    )
    assert CliRunner().invoke(command, ["--no-browser", "--course", CODE, *options]).exit_code == 0
    assert passed == [(model, SHORT)]


def test_the_command_refuses_what_is_no_course() -> None:
    for given, said in (
        ("missing.json", "Could not read"),
        (course_code(GivenCourse("x", ("y",))), "none of the lessons"),
    ):
        result = CliRunner().invoke(command, ["--no-browser", "--course", given])
        assert isinstance(result.exception, FileFormatError)
        assert said in str(result.exception)


def test_visitors_of_a_class_do_its_course_alone_and_nothing_is_kept(tmp_path: Path) -> None:
    log = LessonLog(tmp_path / "lessons.jsonl")
    catalog = EmbeddedCatalog(lessons=log)
    page = Page(Session("a", catalog, "digits-sigmoid", rules=ClassRules(None), course=SHORT))
    listing = lessons_of(page.ask("askLessons"))
    assert (listing.kept, listing.course["fixed"]) == (False, True)
    for kind, fields in (("openCourse", {"text": CODE}), ("closeCourse", {}), ("addResult", {"file": "a", "text": ""})):
        assert page.refused(kind, **fields) == "locked"
    page.asked("beginTest", "testShown")
    assert page.asked("makeResult", "resultMade", name="Ada").fileName == "result-Ada.json"
    other = Page(Session("b", catalog, "digits-sigmoid", rules=ClassRules(None), course=SHORT))
    assert lessons_of(other.ask("askLessons")).test["answered"] == 0
    assert not (tmp_path / "lessons.jsonl").exists()
    free = Page(Session("c", catalog, "digits-sigmoid", rules=ClassRules(None)))
    assert lessons_of(free.ask("openCourse", text=CODE)).course["title"] == "Two lessons"


def test_a_result_that_is_too_long_is_refused() -> None:
    question = Question("choice", "?" * 1000, ("a", "b"), setting={"knobs": 1.0})
    records = [Predicted("function", 0.0, question, (0.0,)), *[Noted("function", 0.0, {"x": 0.5})] * 9000]
    with pytest.raises(FileFormatError, match="begin the longest lesson again"):
        result_file(records, course.BY_NAME)
