"""Every request of the schema, with extreme values: it is answered by its number, and nothing is left wrong."""

from __future__ import annotations

import base64
import json
import warnings
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from pellucid.lessons.given_course import GivenCourse, course_code
from pellucid.studio.protocol import convolve as convolve_messages
from pellucid.studio.protocol import listen as listen_messages
from pellucid.studio.protocol import race as race_messages
from pellucid.studio.protocol import requests
from pellucid.studio.protocol import speech as speech_messages
from pellucid.studio.protocol.messages import EVENTS, REQUESTS
from pellucid.studio.session import Session
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from studio.fake_page import Event, Page, session, wait_for
from studio.tables import write_flowers, write_houses

EVENT_TYPES = {kind.__struct_config__.tag: kind for kind in EVENTS}
UNANSWERED = (
    requests.NextPicture, requests.ReportInput, listen_messages.HearSamples, listen_messages.StopMicrophone,
    convolve_messages.HideMaps,
)  # fmt: skip
"""Requests that training answers, once it runs, or the microphone's thread, or nobody."""

LISTENING = {kind.__struct_config__.tag for kind in REQUESTS if kind.__module__ == listen_messages.__name__}
COURSE = course_code(GivenCourse("Two lessons", ("function", "bias")))
OF_SPEECH = {kind.__struct_config__.tag for kind in REQUESTS if kind.__module__ == speech_messages.__name__}
VOICE = "espeak:en-gb-scotland+f3"

TURNED = ("changes", "position", "factors", "noise", "greyLevels")
"""What a page keeps of `Turned`."""

NUMBERS = [0, -1, 1, 0.5, 1e-300, 5e-324, 1e30, 1e31, 1e40, 1e308, float("nan"), float("inf"), -float("inf"), 2**63]
TEXTS = [
    "", VOICE, COURSE, "bias", "digits", "digits-relu", "layers[0].weight[3, 120]", "((((", "é\0\U0001f600", "x" * 200,
    "x" * 5000,
]  # fmt: skip


def extremes(kind: inspect.Type, allowed: bool) -> st.SearchStrategy[Any]:
    """Values at and inside of the limits of a type of the schema; unless only the ``allowed``, also beyond them."""
    match kind:
        case inspect.IntType() | inspect.FloatType():
            limits = [limit for limit in (kind.ge, kind.gt, kind.le, kind.lt) if limit is not None]
            numbers = [*limits, *(limit + 1 for limit in limits), *NUMBERS]
            fitting = [x for x in numbers if _fits(kind, x)]
            return st.sampled_from([type(fitting[0])(x) for x in fitting] if allowed else numbers)
        case inspect.BoolType():
            return st.booleans()
        case inspect.StrType():
            most = kind.max_length or 5000
            return st.sampled_from([text for text in TEXTS if not allowed or len(text) <= most])
        case inspect.BytesType():
            most = kind.max_length or 5000
            sizes = [0, 1, 2, 640, most] if allowed else [0, 1, 640, most, most + 1]
            return st.sampled_from(sizes).map(lambda size: base64.b64encode(bytes(size)).decode())
        case inspect.LiteralType():
            return st.sampled_from(kind.values if allowed else [*kind.values, "nothing"])
        case inspect.NoneType():
            return st.none()
        case inspect.UnionType():
            return st.one_of([extremes(each, allowed) for each in kind.types])
        case inspect.ListType():
            item, low, high = extremes(kind.item_type, allowed), kind.min_length or 0, min(kind.max_length or 3, 800)
            few = st.lists(item, min_size=low, max_size=max(low, 3)) if low < 100 else item.map(lambda x: [x] * low)
            return few | item.map(lambda x: [x] * high)
        case inspect.StructType():
            return structs(kind, allowed)
    raise TypeError(f"no extremes for {kind}")


def _fits(kind: inspect.IntType | inspect.FloatType, x: float) -> bool:
    return (
        (isinstance(kind, inspect.FloatType) or x == x // 1)
        and (kind.ge is None or x >= kind.ge)
        and (kind.gt is None or x > kind.gt)
        and (kind.le is None or x <= kind.le)
        and (kind.lt is None or x < kind.lt)
    )


def structs(kind: inspect.StructType, allowed: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with all required fields and some of the others."""
    fields = {field.encode_name: extremes(field.type, allowed) for field in kind.fields if field.encode_name != "id"}
    optional = {field.encode_name for field in kind.fields if not field.required}
    needed = {name: value for name, value in fields.items() if name not in optional}
    return st.fixed_dictionaries(needed, optional={name: fields[name] for name in optional})


class Mirror:
    """What a page knows after some events, in a form that can be compared."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def take(self, events: list[Event]) -> None:
        for event in events:
            msgspec.convert(event.fields, EVENT_TYPES[event.type])  # no null where a number should be
            getattr(self, f"_{event.type}", lambda _: None)(event)

    def _network(self, event: Event) -> None:
        self.known["network"] = event.network

    def _parameters(self, event: Event) -> None:
        self.known["knobs"] = event.knobs.copy()

    def _turned(self, event: Event) -> None:
        self.known["turned"] = {name: event.fields[name] for name in TURNED}
        if event.knobs:
            self.known["knobs"][event.knobs] = np.array(event.values, np.float32)

    def _picture(self, event: Event) -> None:
        self.known["knobs"] = event.knobs.copy()
        self.known["outputs"] = event.reading[-1]["activations"].tobytes()

    def _drawing(self, event: Event) -> None:
        names = ("source", "strokes", "example", "label", "centring")
        self.known["drawing"] = {name: event.fields[name] for name in names}

    def _reading(self, event: Event) -> None:
        self.known["outputs"] = event.layers[-1]["activations"].tobytes()

    def _judged(self, event: Event) -> None:
        self.known["accuracy"] = event.accuracy

    def _training(self, event: Event) -> None:
        self.known["training"] = {name: value for name, value in event.fields.items() if name != "request"}


def told(mirror: Mirror) -> dict[str, Any]:
    """The known, with arrays as bytes."""
    return {name: value.tobytes() if isinstance(value, np.ndarray) else value for name, value in mirror.known.items()}


def prepare_race(page: Page, kind: Any) -> None:
    """Set up a race for the requests about one, if the data suit."""
    if kind.__module__ == race_messages.__name__:
        state = page.session._state
        layers = [{"size": len(state.data.train.classes), "activation": "softmax"}]
        one = {"name": "one", "layers": layers, "optimizer": {"kind": "sgd", "learningRate": 0.1}}
        plan = {"contestants": [one, one], "loss": "cross_entropy", "batchSize": 32, "epochs": 3, "seed": 1}
        page.ask("setUpRace", plan=plan)


def end_race(page: Page) -> None:
    """A race and its trials end when they are told to."""
    page.ask("pauseRace")
    page.ask("cancelTrials")
    wait_for(lambda: not page.session._race.busy)


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_any_value_is_answered_and_the_page_agrees_with_the_server(kind: Any, data: st.DataObject) -> None:
    page, mirror, tag = Page(session()), Mirror(), kind.__struct_config__.tag
    mirror.take(page.greeting)
    mirror.take(page.ask("setDrawing", strokes=[{"points": [0.3, 0.2, 0.7, 0.8], "width": 0.07}]))
    mirror.take(page.ask("turnKnobs", knobs=[5], values=[0.25], gesture=1))
    mirror.take(page.ask("askNudges", label=3))
    prepare_race(page, kind)
    if tag in LISTENING:
        mirror.take(page.ask("hearVoice", slot=0, voice=VOICE, digits=[3]))
        if data.draw(st.booleans(), label="with the microphone"):
            mirror.take(page.ask("startMicrophone", slot=1, rate=8000))
    if tag in OF_SPEECH and data.draw(st.booleans(), label="with speech"):
        mirror.take(page.ask("chooseSubject", subject="speech"))
    if data.draw(st.booleans(), label="while training"):
        mirror.take(page.ask("train"))
    fields = data.draw(structs(inspect.type_info(kind), data.draw(st.booleans())), label=tag)
    if tag == "pen" and "stroke" in fields and data.draw(st.booleans()):
        fields["stroke"] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        events = page.send(json.dumps({"type": tag, **fields, "id": 77}))
    assert kind in UNANSWERED or any(event.request == 77 for event in events)
    failures = [event for event in events if event.type == "failed"]
    assert [event.fields for event in failures if event.request != 77 or event.code == "internal"] == []
    mirror.take(events)
    if tag in ("pen", "setCentring") and not failures:
        mirror.known.pop("drawing")  # a page shows these itself
    # Training ends, and the session serves the next request.
    page.number = 100
    mirror.take(page.ask("pause"))
    end_race(page)
    assert not page.session.training
    mirror.take(page.ask("turnKnobs", knobs=[6], values=[0.5], gesture=2))
    assert mirror.known["knobs"][6] == 0.5
    fresh = Mirror()
    fresh.take(Page(page.session).greeting)
    known = told(mirror)
    assert known == {name: value for name, value in told(fresh).items() if name in known}
    page.session.close("closing")


@pytest.fixture(scope="module", params=["classes", "values"])
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DatasetCatalog:
    folder = tmp_path_factory.mktemp("tables")
    path = (write_flowers if request.param == "classes" else write_houses)(folder / "table.csv")
    return DatasetCatalog(str(path), table={"label": "last", "standardize": True})


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_any_value_is_answered_where_a_table_is_open(kind: Any, table: DatasetCatalog, data: st.DataObject) -> None:
    page, mirror = Page(Session("t", table, None)), Mirror()
    mirror.take(page.greeting)
    mirror.take(page.ask("openExample", part="train", index=2))
    mirror.take(page.ask("askNudges"))
    prepare_race(page, kind)
    tag = kind.__struct_config__.tag
    fields = data.draw(structs(inspect.type_info(kind), data.draw(st.booleans())), label=tag)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        events = page.send(json.dumps({"type": tag, **fields, "id": 77}))
    assert kind in UNANSWERED or any(event.request == 77 for event in events)
    assert [event.fields for event in events if event.type == "failed" and event.code == "internal"] == []
    mirror.take(events)
    page.number = 100
    mirror.take(page.ask("pause"))
    end_race(page)
    if page.session._state.form.columns is not None:
        mirror.take(page.ask("setFeatures", features=[0], values=[1.5]))
        assert page.session._state.inputs.shape == page.session._state.form.shape
    assert np.isfinite(page.session._state.inputs).all()
    fresh = Mirror()
    fresh.take(Page(page.session).greeting)
    known = told(mirror)
    assert known == {name: value for name, value in told(fresh).items() if name in known}
    page.session.close("closing")


@pytest.mark.parametrize("pace", [5e-324, 1e-300, 1e-9, 1e6])
def test_training_survives_any_pace(pace: float) -> None:
    page = Page(session())
    page.ask("setPace", batchesPerSecond=pace)
    page.ask("train")
    wait_for(lambda: any(event.type == "picture" for event in page.ask("nextPicture")))
    assert page.session.training
    [status] = [event for event in page.ask("setPace", batchesPerSecond=None) if event.type == "training"]
    assert (status.state, status.batchesPerSecond) == ("running", None)
    step = status.step
    wait_for(lambda: any(event.type == "picture" and event.step > step for event in page.ask("nextPicture")))
    page.session.close("closing")
