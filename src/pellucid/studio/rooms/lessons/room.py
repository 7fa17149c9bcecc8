"""The lessons of a session: opened, predicted, followed while the learner works in the rooms, and asked again."""

from __future__ import annotations

import time
from collections.abc import Callable

from pellucid.lessons import course
from pellucid.lessons.changes import changes
from pellucid.lessons.deeds import Deed
from pellucid.lessons.lesson import Lesson
from pellucid.lessons.progress import Attempt, Progress, gap_told
from pellucid.lessons.records import Answered, Hinted, Noted, Predicted, Question, Recalled, Restarted
from pellucid.lessons.view import View
from pellucid.studio.protocol import lessons as messages
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.lessons.learner import Learner
from pellucid.studio.rooms.lessons.told import checked, lesson_told, lessons_told, question_told
from pellucid.studio.rooms.lessons.view import LessonViews
from pellucid.studio.state.session_state import SessionState, finite


class LessonRoom:
    """The lessons beside the rooms.

    Parameters
    ----------
    state : SessionState
    learner : Learner
    views : LessonViews
    is_training : function
        Whether the network is being trained: it is another one at every step.
    """

    def __init__(
        self, state: SessionState, learner: Learner, views: LessonViews, is_training: Callable[[], bool]
    ) -> None:
        self._state, self._learner, self._views, self._is_training = state, learner, views, is_training
        self._open: Lesson | None = None
        self._asked: dict[str, Question] = {}
        self._networks: dict[str, int] = {}
        self._recalled: str | None = None
        self._since = 0
        self._asked_of = 0
        self._told_foreign = ""

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
        self._learner.add(Restarted(self._open.name, time.time()))
        self._show(request.id)

    def predict(self, request: messages.PredictOutcome) -> None:
        """Lock in a prediction."""
        lesson = self._opened(request.lesson)
        question = self._asked.get(f"predict {lesson.name}")
        if question is None or self._learner.attempt(lesson).predicted is not None:
            raise RefusedError("out_of_order", "The prediction is locked in already: begin the lesson again.")
        view = self._views.now()
        if self._is_outdated(lesson, view):
            self._show(request.id)
            raise RefusedError("out_of_order", "The network has changed: here is the question about the present one.")
        values = checked(question, request.values)
        self._learner.add(Predicted(lesson.name, time.time(), question, values, view.mark, view.network))
        self._weigh(lesson, values)
        self._since = self._state.activity.count
        self._show(request.id)

    def answer_again(self, request: messages.AnswerAgain) -> None:
        """Take other answers to the question of the prediction, which itself stays what it is."""
        lesson, predicted = self._opened(request.lesson), self._learner.attempt(self._opened(request.lesson)).predicted
        if lesson.weigh is None or predicted is None or self._learner.attempt(lesson).stage != "do":
            raise RefusedError("out_of_order", "Answers are not changed here: begin the lesson again.")
        self._weigh(lesson, checked(predicted.question, request.values))
        self._show(request.id)

    def _weigh(self, lesson: Lesson, values: tuple[float, ...]) -> None:
        if lesson.weigh is not None:
            self._learner.add(Noted(lesson.name, time.time(), lesson.weigh(values)))

    def hint(self, request: messages.AskHint) -> None:
        """Give the next hint."""
        lesson = self._opened(request.lesson)
        if self._learner.attempt(lesson).stage != "do":
            raise RefusedError("out_of_order", "Hints are for the task: lock in a prediction first.")
        self._learner.add(Hinted(lesson.name, time.time()))
        self._show(request.id)

    def transfer(self, request: messages.AnswerTransfer) -> None:
        """Take the answer to the question about another neuron or picture."""
        lesson = self._opened(request.lesson)
        question, attempt = self._asked.get(f"transfer {lesson.name}"), self._learner.attempt(lesson)
        if question is None or attempt.stage != "done" or attempt.answered is not None:
            raise RefusedError("out_of_order", "This question is not open: pass the lesson first, or begin it again.")
        self._learner.add(Answered(lesson.name, time.time(), question, checked(question, request.values)))
        self._show(request.id)

    def recall(self, request: messages.AnswerRecall) -> None:
        """Take the answer to an earlier lesson's question."""
        question = self._asked.get(f"recall {request.lesson}")
        if question is None or self._open is None or self._learner.progress.due() != request.lesson:
            raise RefusedError("out_of_order", "This lesson is not asked again at present: open a lesson first.")
        self._learner.add(Recalled(request.lesson, time.time(), question, checked(question, request.values)))
        self._recalled = request.lesson
        self._show(request.id)

    def follow(self, request: int) -> None:
        """Look whether what the learner has just done counts for the open lesson; called after every request."""
        lesson = self._open
        if lesson is None:
            return
        deeds = self._state.activity.since(self._since)
        self._since += len(deeds)
        before = self._told_foreign
        batches: list[list[Deed]] = [[deed] for deed in deeds] or [[]]
        noted = [self._note(lesson, batch) for batch in batches]
        if any(noted):
            self._show(request)
            if self._learner.attempt(lesson).stage == "done":
                self._send_lessons(request)
        elif lesson.foreign is not None and not self._is_training():
            view = self._views.now()
            if self._is_outdated(lesson, view) or self._foreign(lesson, view)[0] != before:
                self._show(request)

    def _note(self, lesson: Lesson, deeds: list[Deed]) -> bool:
        """Note what counts of something that was just done; return whether anything does."""
        attempt = self._learner.attempt(lesson)
        predicted = attempt.predicted
        if attempt.stage != "do" or predicted is None:
            return False
        view = self._views.now(deeds)
        counts = view.nominated or any(isinstance(deed, lesson.counts) for deed in view.deeds)
        untouched = not attempt.noted and not counts and view.mark == predicted.mark
        if untouched or lesson.unsuited(view) is not None:
            return False
        facts = lesson.look(view, predicted.question, attempt.noted)
        if facts is None:
            return False
        self._learner.add(Noted(lesson.name, time.time(), {name: finite(value) for name, value in facts.items()}))
        return True

    def _is_outdated(self, lesson: Lesson, view: View) -> bool:
        """Whether the prediction was asked for another network than the present one."""
        open_yet = self._learner.attempt(lesson).predicted is None
        return open_yet and lesson.foreign is not None and self._asked_of != view.network

    def _foreign(self, lesson: Lesson, view: View) -> tuple[str, bool]:
        """What keeps an unfinished lesson from counting, and whether it goes by reverting to the trained network."""
        attempt = self._learner.attempt(lesson)
        if lesson.foreign is None or attempt.stage == "done" or lesson.unsuited(view) is not None:
            return "", False
        predicted = attempt.predicted
        if predicted is None:
            return changes(view), True
        if predicted.network not in (0, view.network):
            return "this is another network than that of your prediction", False
        return lesson.foreign(view, predicted.question, attempt.noted), True

    def _known(self, name: str) -> Lesson:
        lesson = course.BY_NAME.get(name)
        if lesson is None:
            raise RefusedError("unavailable", f"Expected one of the lessons, got {name[:100]!r}: reload the page.")
        return lesson

    def _opened(self, name: str) -> Lesson:
        if self._open is None or self._open.name != name:
            raise RefusedError("out_of_order", "Expected the lesson that is open: open it first.")
        return self._open

    def _send_lessons(self, request: int) -> None:
        self._state.send(lessons_told(request, self._learner), key="lessons")

    def _show(self, request: int) -> None:
        lesson = self._open
        if lesson is not None:
            self._state.send(self._shown(request, lesson), key="lesson")

    def _shown(self, request: int, lesson: Lesson) -> messages.LessonShown:
        progress, view = self._learner.progress, self._views.now()
        attempt, info = progress.attempt(lesson.name), lesson_told(lesson, progress)
        unsuited, predicted, stage = lesson.unsuited(view), attempt.predicted, attempt.stage
        following = self._learner.following(lesson.name)
        if unsuited is not None and stage != "done":
            return messages.LessonShown(
                request, info, "unsuited", unsuited, None, "", "", [], [], 0, "", None, None, following, False, "",
                False, "",
            )  # fmt: skip
        foreign, reverts = self._foreign(lesson, view)
        self._told_foreign, self._asked_of = foreign, view.network
        question = self._question("predict", lesson, view) if predicted is None else predicted.question
        values = None if predicted is None else predicted.values
        doing = unsuited is None and stage == "do"
        told = question_told(question, values, truth=stage == "done", outcome=_outcome(lesson, question, attempt))
        hints = lesson.hints(view, question)[: attempt.hints] if doing else ()
        return messages.LessonShown(
            request, info, stage, lesson.about, told,
            lesson.task(view, question) if doing else "",
            lesson.status(question, attempt.noted) if stage == "do" else "",
            _tools(lesson, view, question) if doing else [],
            list(hints), 3 - len(hints) if doing else 0,
            gap_told(lesson, attempt),
            self._transfer(lesson, attempt, view) if unsuited is None else None,
            self._recall(progress, lesson, view), following, doing and lesson.weigh is not None, foreign, reverts,
            lesson.place,
        )  # fmt: skip

    def _question(self, kind: str, lesson: Lesson, view: View) -> Question:
        """The question that is open: the same until it is answered, or the network is another one."""
        key = f"{kind} {lesson.name}"
        changed = self._networks.get(key) != view.network and not self._is_training()
        if kind == "predict" or key not in self._asked or changed:
            self._networks[key] = view.network
            number = 0 if kind == "transfer" else 1
            self._asked[key] = lesson.ask(view) if kind == "predict" else lesson.transfer(view, number)
        return self._asked[key]

    def _transfer(self, lesson: Lesson, attempt: Attempt, view: View) -> messages.QuestionInfo | None:
        if attempt.stage != "done":
            return None
        if attempt.answered is not None:
            return question_told(attempt.answered.question, attempt.answered.values, truth=True)
        return question_told(self._question("transfer", lesson, view), None, truth=False)

    def _recall(self, progress: Progress, lesson: Lesson, view: View) -> messages.RecallInfo | None:
        answered = progress.recalled.get(self._recalled or "")
        if answered is not None:
            earlier = course.BY_NAME[answered.lesson]
            question = question_told(answered.question, answered.values, truth=True)
            return messages.RecallInfo(earlier.name, earlier.title, question)
        due = progress.due()
        if due is None or due == lesson.name or course.BY_NAME[due].unsuited(view) is not None:
            return None
        earlier = course.BY_NAME[due]
        return messages.RecallInfo(
            due, earlier.title, question_told(self._question("recall", earlier, view), None, truth=False)
        )


def _tools(lesson: Lesson, view: View, question: Question) -> list[messages.LessonTool]:
    return [
        messages.LessonTool(each.label, list(each.knobs), list(each.values), each.example, each.find)
        for each in lesson.tools(view, question)
    ]


def _outcome(lesson: Lesson, question: Question, attempt: Attempt) -> tuple[float, ...]:
    """What came of the question of a passed lesson that can only tell afterwards."""
    if lesson.outcome is None or attempt.found is None:
        return ()
    return lesson.outcome(question, attempt.found)
