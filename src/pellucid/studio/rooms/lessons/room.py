"""The lessons of a session: opened, predicted, followed while the learner works in the rooms, and asked again."""

from __future__ import annotations

import time

from pellucid.lessons import course
from pellucid.lessons.lesson import Lesson
from pellucid.lessons.log import LessonLog
from pellucid.lessons.progress import Attempt, Progress, replay
from pellucid.lessons.records import Answered, Hinted, Noted, Predicted, Question, Recalled, Restarted
from pellucid.lessons.view import View
from pellucid.studio.protocol import lessons as messages
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.lessons.view import LessonViews
from pellucid.studio.rooms.read.room import ReadRoom
from pellucid.studio.state.session_state import SessionState, finite


class LessonRoom:
    """The lessons beside the rooms.

    Parameters
    ----------
    state : SessionState
    read : ReadRoom
    log : LessonLog
        What the learner did; shared by all sessions of one learner.
    """

    def __init__(self, state: SessionState, read: ReadRoom, log: LessonLog) -> None:
        self._state, self._log = state, log
        self._views = LessonViews(state, read)
        self._open: Lesson | None = None
        self._asked: dict[str, Question] = {}
        self._recalled: str | None = None
        self._since = 0
        self._last, self._replayed = Progress(), -1

    def lessons(self, request: messages.AskLessons) -> None:
        """Send all lessons, and the open one."""
        self._send_lessons(request.id)
        if self._open is not None:
            self._show(request.id)

    def open(self, request: messages.OpenLesson) -> None:
        """Open a lesson where it was left."""
        self._open, self._recalled = self._known(request.lesson), None
        self._since = self._state.activity.count
        self._show(request.id)

    def leave(self, request: messages.LeaveLesson) -> None:
        """Close the open lesson."""
        self._open = None
        self._asked.clear()
        self._send_lessons(request.id)

    def restart(self, request: messages.RestartLesson) -> None:
        """Begin a lesson again."""
        self._open = self._known(request.lesson)
        self._asked.clear()
        self._log.add(Restarted(self._open.name, time.time()))
        self._show(request.id)

    def predict(self, request: messages.PredictOutcome) -> None:
        """Lock in a prediction."""
        lesson = self._opened(request.lesson)
        question = self._asked.get(f"predict {lesson.name}")
        if question is None or self._attempt(lesson).predicted is not None:
            raise RefusedError("out_of_order", "The prediction is locked in already: begin the lesson again.")
        values, mark = _checked(question, request.values), self._views.now().mark
        self._log.add(Predicted(lesson.name, time.time(), question, values, mark))
        self._since = self._state.activity.count
        self._show(request.id)

    def hint(self, request: messages.AskHint) -> None:
        """Give the next hint."""
        lesson = self._opened(request.lesson)
        if self._attempt(lesson).stage != "do":
            raise RefusedError("out_of_order", "Hints are for the task: lock in a prediction first.")
        self._log.add(Hinted(lesson.name, time.time()))
        self._show(request.id)

    def transfer(self, request: messages.AnswerTransfer) -> None:
        """Take the answer to the question about another neuron or picture."""
        lesson = self._opened(request.lesson)
        question, attempt = self._asked.get(f"transfer {lesson.name}"), self._attempt(lesson)
        if question is None or attempt.stage != "done" or attempt.answered is not None:
            raise RefusedError("out_of_order", "This question is not open: pass the lesson first, or begin it again.")
        self._log.add(Answered(lesson.name, time.time(), question, _checked(question, request.values)))
        self._show(request.id)

    def recall(self, request: messages.AnswerRecall) -> None:
        """Take the answer to an earlier lesson's question."""
        question = self._asked.get(f"recall {request.lesson}")
        if question is None or self._open is None or self._progress().due() != request.lesson:
            raise RefusedError("out_of_order", "This lesson is not asked again at present: open a lesson first.")
        self._log.add(Recalled(request.lesson, time.time(), question, _checked(question, request.values)))
        self._recalled = request.lesson
        self._show(request.id)

    def follow(self, request: int) -> None:
        """Look whether what the learner has just done counts for the open lesson; called after every request."""
        lesson = self._open
        if lesson is None:
            return
        attempt = self._attempt(lesson)
        if attempt.stage != "do" or attempt.predicted is None:
            return
        view = self._views.now(self._since)
        untouched = not attempt.noted and view.mark == attempt.predicted.mark and not view.nominated
        if untouched or lesson.unsuited(view) is not None:
            return
        facts = lesson.look(view, attempt.predicted.question, attempt.noted)
        if facts is None:
            return
        self._log.add(Noted(lesson.name, time.time(), {name: finite(value) for name, value in facts.items()}))
        self._show(request)
        if self._attempt(lesson).stage == "done":
            self._send_lessons(request)

    def _known(self, name: str) -> Lesson:
        lesson = course.BY_NAME.get(name)
        if lesson is None:
            raise RefusedError("unavailable", f"Expected one of the lessons, got {name[:100]!r}: reload the page.")
        return lesson

    def _opened(self, name: str) -> Lesson:
        if self._open is None or self._open.name != name:
            raise RefusedError("out_of_order", "Expected the lesson that is open: open it first.")
        return self._open

    def _progress(self) -> Progress:
        if self._replayed != self._log.count:
            records = self._log.records
            self._last, self._replayed = replay(records, course.BY_NAME), len(records)
        return self._last

    def _attempt(self, lesson: Lesson) -> Attempt:
        return self._progress().attempt(lesson.name)

    def _send_lessons(self, request: int) -> None:
        progress = self._progress()
        found = [_info(lesson, progress) for lesson in course.ALL]
        self._state.send(messages.Lessons(request, found, self._log.is_kept), key="lessons")

    def _show(self, request: int) -> None:
        lesson = self._open
        if lesson is not None:
            self._state.send(self._shown(request, lesson), key="lesson")

    def _shown(self, request: int, lesson: Lesson) -> messages.LessonShown:
        progress, view = self._progress(), self._views.now()
        attempt, info = progress.attempt(lesson.name), _info(lesson, progress)
        unsuited, predicted, stage = lesson.unsuited(view), attempt.predicted, attempt.stage
        following = next((each.name for each in course.ALL if each.name not in progress.passed), None)
        if unsuited is not None and stage != "done":
            return messages.LessonShown(
                request, info, "unsuited", unsuited, None, "", "", [], [], 0, "", None, None, following
            )
        question = self._question("predict", lesson, view) if predicted is None else predicted.question
        values = None if predicted is None else predicted.values
        doing = unsuited is None and stage == "do"
        hints = lesson.hints(view, question)[: attempt.hints] if doing else ()
        return messages.LessonShown(
            request, info, stage, lesson.about, _shown(question, values, truth=stage == "done"),
            lesson.task(view, question) if doing else "",
            lesson.status(question, attempt.noted) if stage == "do" else "",
            _tools(lesson, view, question) if doing else [],
            list(hints), 3 - len(hints) if doing else 0,
            "" if attempt.found is None or values is None else lesson.gap(question, values, attempt.found),
            self._transfer(lesson, attempt, view) if unsuited is None else None,
            self._recall(progress, lesson, view), following,
        )  # fmt: skip

    def _question(self, kind: str, lesson: Lesson, view: View) -> Question:
        """The question that is open: the same until it is answered, or the network is another one."""
        key = f"{kind} {lesson.name}"
        if kind == "predict" or key not in self._asked:
            number = 0 if kind == "transfer" else 1
            self._asked[key] = lesson.ask(view) if kind == "predict" else lesson.transfer(view, number)
        return self._asked[key]

    def _transfer(self, lesson: Lesson, attempt: Attempt, view: View) -> messages.QuestionInfo | None:
        if attempt.stage != "done":
            return None
        if attempt.answered is not None:
            return _shown(attempt.answered.question, attempt.answered.values, truth=True)
        return _shown(self._question("transfer", lesson, view), None, truth=False)

    def _recall(self, progress: Progress, lesson: Lesson, view: View) -> messages.RecallInfo | None:
        answered = progress.recalled.get(self._recalled or "")
        if answered is not None:
            earlier = course.BY_NAME[answered.lesson]
            question = _shown(answered.question, answered.values, truth=True)
            return messages.RecallInfo(earlier.name, earlier.title, question)
        due = progress.due()
        if due is None or due == lesson.name or course.BY_NAME[due].unsuited(view) is not None:
            return None
        earlier = course.BY_NAME[due]
        return messages.RecallInfo(
            due, earlier.title, _shown(self._question("recall", earlier, view), None, truth=False)
        )


def _tools(lesson: Lesson, view: View, question: Question) -> list[messages.LessonTool]:
    return [
        messages.LessonTool(each.label, list(each.knobs), list(each.values)) for each in lesson.tools(view, question)
    ]


def _checked(question: Question, values: list[float]) -> tuple[float, ...]:
    fault = question.fault(values)
    if fault is not None:
        raise RefusedError("bad_value", fault)
    return tuple(float(value) for value in values)


def _info(lesson: Lesson, progress: Progress) -> messages.LessonInfo:
    begun = progress.attempt(lesson.name).predicted is not None
    return messages.LessonInfo(
        lesson.name, lesson.number, lesson.title, lesson.line, lesson.room, lesson.minutes,
        "passed" if lesson.name in progress.passed else "begun" if begun else "new",
    )  # fmt: skip


def _shown(question: Question, values: tuple[float, ...] | None, *, truth: bool) -> messages.QuestionInfo:
    """A question for the page; the truth only once it may be seen."""
    known = truth and values is not None and bool(question.truth)
    return messages.QuestionInfo(
        question.kind, question.text, list(question.options), list(question.rows), question.unit, question.low,
        question.high, None if values is None else list(values), list(question.truth) if known else None,
        question.right(values) if known and values is not None else None, question.told if known else "",
    )  # fmt: skip
