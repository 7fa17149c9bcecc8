"""Courses and learners' results that others send: whatever is in them, they are read, or refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import pellucid as pl
from pellucid.data.dataset import TrainTest
from pellucid.lessons import course
from pellucid.lessons.given_course import GivenCourse, course_code, course_file, read_course
from pellucid.lessons.result import read_result
from pellucid.studio.protocol.frames import unframe
from pellucid.studio.protocol.messages import decode_request
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError
from tools.fuzz.campaigns.messages import Page, SmallCatalog
from tools.fuzz.mutations import Rng, chance, changed_bytes, changed_json, json_text

_GIVEN = GivenCourse("Two lessons", ("function", "bias"), "Guess first.", "digits-relu")


def prepare(folder: Path) -> Case:
    """Return the case."""
    whole: Any = pl.data.load("digits")
    result = _result(SmallCatalog(TrainTest(whole.train[:200], whole.test[:150])))

    def case(rng: Rng) -> Tally:
        if chance(rng, 0.5):
            _course(rng)
        else:
            _changed_result(rng, result)
        return ACCEPTED

    return case


def _course(rng: Rng) -> None:
    if chance(rng, 0.5):
        text = json_text(changed_json(rng, json.loads(course_file(_GIVEN))))
    else:
        text = changed_bytes(rng, course_code(_GIVEN).encode()).decode(errors="replace")
    made = read_course(text)
    if read_course(course_code(made)) != made or read_course(course_file(made)) != made:
        raise WrongResultError(f"a course does not come back: {made}"[:400])


def _changed_result(rng: Rng, result: dict[str, Any]) -> None:
    """Change a result file, most often its records."""
    changed = dict(result)
    if chance(rng, 0.8):
        changed["records"] = [changed_json(rng, each) if chance(rng, 0.1) else each for each in result["records"]]
    else:
        changed = changed_json(rng, changed)
    text = json_text(changed)
    if chance(rng, 0.1):
        text = changed_bytes(rng, text.encode()).decode(errors="replace")
    found = read_result(text, course.BY_NAME)
    for score in (found.before, found.after):
        if score is not None and not 0 <= score.right <= score.total:
            raise WrongResultError(f"an impossible score: {score}")
    msgspec.json.encode(found)


def _result(catalog: SmallCatalog) -> dict[str, Any]:
    """Return the result of somebody who has done the test and a lesson."""
    page, number = Page(catalog), 0

    def ask(kind: str, **fields: Any) -> dict[str, dict[str, Any]]:
        nonlocal number
        number += 1
        page.session.handle(decode_request(json.dumps({"type": kind, "id": number, **fields})))
        return {event["type"]: event for event in (unframe(data)[0] for data in page.frames())}

    ask("openCourse", text=course_code(_GIVEN))
    shown = ask("beginTest")["testShown"]
    while shown["question"] is not None:
        shown = ask("answerTest", number=shown["number"], values=[max(0.0, shown["question"]["low"])])["testShown"]
    ask("openLesson", lesson="function")
    ask("predictOutcome", lesson="function", values=[1])
    for at in np.linspace(0.2, 0.8, 5):
        ask("clearDrawing")
        ask("pen", stroke=0, points=[float(at), 0.2, 0.5, float(at), 0.4, 0.8], width=0.08)
    told: dict[str, Any] = json.loads(ask("makeResult", name="Ada")["resultMade"]["file"])
    page.session.close("closing")
    return told


CAMPAIGN = Campaign("courses and learners' results, whole and damaged", prepare, share=20)
