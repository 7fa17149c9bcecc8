"""A class: the server refuses what its visitors may not do, and starts sessions again, whatever the page does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from pellucid.cli.studio import studio as command
from pellucid.studio.protocol.messages import REQUESTS
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.serving.app import studio_app
from pellucid.studio.serving.built_page import SHARED_PAGE
from pellucid.studio.serving.keys import Keys
from pellucid.studio.serving.sessions import Sessions
from pellucid.studio.session import Session
from pellucid.studio.state.class_rules import ClassRules
from pellucid.studio.state.first_plan import first_plan
from pellucid.studio.state.kept_runs import KeptRuns
from studio import asgi_client
from studio.fake_clock import FakeClock
from studio.fake_page import EmbeddedCatalog, Page, digits
from studio.test_kept_runs import a_network, a_run, trained

MINUTES = 5
TOKEN = "t" * 43


class TwoSets(EmbeddedCatalog):
    """The embedded digits under two names, of which sessions begin with MNIST, and a kept run of each."""

    def __init__(self, folder: Path, read_only: bool = True) -> None:
        writer = KeptRuns(folder)
        plan = first_plan("digits", (28, 28), 10, _preparation())
        self.kept = [a_run(), a_run(data="mnist", plan=msgspec.structs.replace(plan, data="mnist"))]
        for run in self.kept:
            writer.keep(run, a_network())
        super().__init__(runs=KeptRuns(folder, read_only=read_only))

    @property
    def data_sets(self) -> list[str]:
        return ["digits", "mnist"]

    def data(self, name: str, *preparation: Any) -> Any:
        return super().data("digits" if name == "mnist" else name, *preparation)


def _preparation() -> Any:
    from pellucid.data.preparation import Preparation

    return Preparation()


def in_class(catalog: Any, clock: FakeClock | None = None, seconds: float | None = 60.0 * MINUTES) -> Session:
    return Session("a", catalog, "digits-relu", clock, ClassRules(seconds))


def test_visitors_can_neither_rename_nor_delete_runs_nor_change_the_data(tmp_path: Path) -> None:
    catalog = TwoSets(tmp_path)
    page = Page(in_class(catalog))
    [welcome] = [event for event in page.greeting if event.type == "welcome"]
    assert welcome.inClass == {"resetSeconds": 300.0}
    plan = msgspec.to_builtins(first_plan("digits", (28, 28), 10, _preparation()))
    before = [run.name for run in catalog.runs.all()]
    for kind, fields in {
        "renameRun": {"run": catalog.kept[0].id, "name": "mine"},
        "deleteRun": {"run": catalog.kept[0].id},
        "fetchData": {"name": "mnist"},
        "setUp": {"plan": plan},
        "openExample": {"part": "test", "index": 3, "data": "digits"},
    }.items():
        event, *others = page.ask(kind, **fields)
        assert (event.type, event.code) == ("failed", "locked"), kind
        assert event.message.startswith("In a class, ")
        assert [other.type for other in others] in ([], ["drawing"])
    assert [run.name for run in catalog.runs.all()] == before
    assert page.session._state.data_name == "mnist"


def test_what_needs_no_other_data_is_allowed(tmp_path: Path) -> None:
    catalog = TwoSets(tmp_path)
    page = Page(in_class(catalog))
    for run in catalog.kept:  # also the one of the other data: it is tested on the present ones
        network = page.asked("openRun", "network", run=run.id)
        assert (network.network["name"], network.data["name"]) == (run.name, "mnist")
    assert page.asked("loadNetwork", "network", name="digits-sigmoid").network["name"] == "digits-sigmoid"
    plan = msgspec.to_builtins(first_plan("mnist", (28, 28), 10, _preparation()))
    assert page.asked("setUp", "training", plan=plan).state == "ready"
    page.asked("turnKnobs", "judged", knobs=[7], values=[0.5], gesture=1)


def test_nothing_that_visitors_train_is_kept(tmp_path: Path) -> None:
    for read_only in (True, False):
        catalog = TwoSets(tmp_path / str(read_only), read_only)
        page = Page(in_class(catalog))
        trained(page)
        assert len(catalog.runs.all()) == (2 if read_only else 3)


def test_uploads_are_refused_before_they_are_read() -> None:
    sessions = Sessions(EmbeddedCatalog(), "digits-relu", rules=ClassRules(None))
    session, _ = sessions.open(None)
    app = studio_app(sessions, keys=Keys(TOKEN), hosts=["localhost:8127"])
    headers = [("Host", "localhost:8127"), ("Cookie", f"pellucid_8127={TOKEN}"), ("Origin", "http://localhost:8127")]
    for path in ("/picture", "/network", "/recording"):
        answer = asgi_client.ask(app, "POST", path, headers, f"session={session.identity}", [b"x"])
        failed = json.loads(answer.body)
        assert (answer.status, failed["code"]) == (403, "locked")
        assert "no files can be opened" in failed["message"]
    for use in (session.open_picture, lambda content: session.open_network(content, "a")):
        with pytest.raises(RefusedError, match="no files"):
            use(b"x")
    for path in ("/network.safetensors", "/network.html") if SHARED_PAGE.is_file() else ("/network.safetensors",):
        assert asgi_client.ask(app, "GET", path, headers, f"session={session.identity}").status == 200


def test_a_class_begins_with_a_digit_on_the_pad() -> None:
    page = Page(in_class(EmbeddedCatalog()))
    [drawing] = [event for event in page.greeting if event.type == "drawing"]
    [reading] = [event for event in page.greeting if event.type == "reading"]
    assert (drawing.source, drawing.example) == ("example", {"part": "test", "index": 0})
    np.testing.assert_allclose(reading.pixels, digits()[0] / np.float32(255), atol=1e-6)


def test_start_again_ends_the_session_and_its_training() -> None:
    sessions = Sessions(EmbeddedCatalog(), "digits-relu", rules=ClassRules(None))
    session, _ = sessions.open(None)
    page = Page(session)
    page.ask("turnKnobs", knobs=[7], values=[0.5], gesture=1)
    page.ask("train")
    assert session.training
    page.ask("startAgain")
    assert not session.training
    assert session.outbox.reason_to_leave(page._wake) == "restarted"
    assert sessions.find(session.identity) is None
    fresh, resumed = sessions.open(session.identity)
    assert not resumed
    assert fresh is not session
    assert len(sessions) == 1
    knobs = next(event for event in Page(fresh).greeting if event.type == "parameters").knobs
    assert knobs[7] != 0.5
    sessions.close()


def test_only_a_class_starts_again() -> None:
    page = Page(Session("a", EmbeddedCatalog(), "digits-relu"))
    assert next(event for event in page.greeting if event.type == "welcome").inClass is None
    assert page.refused("startAgain") == "unavailable"
    assert page.asked("askVotes", "votes", layer=0, neuron=1).neuron == 1


def test_a_session_that_nobody_uses_starts_again_even_while_it_trains() -> None:
    clock = FakeClock()
    sessions = Sessions(EmbeddedCatalog(), "digits-relu", clock=clock, rules=ClassRules(60.0 * MINUTES))
    session, _ = sessions.open(None)
    page = Page(session)
    clock.advance(3600)
    sessions.free_idle()
    assert len(sessions) == 1  # nobody has done anything: it is in its first state
    page.ask("setPace", batchesPerSecond=0.5)
    page.ask("train")
    for _ in range(3):
        clock.advance(60 * MINUTES - 1)
        assert session.handled_at_once(_request("reportInput"))
        sessions.free_idle()
    assert len(sessions) == 1
    for kind in ("nextPicture", "askCurves", "askExamined"):  # the page sends these by itself
        clock.advance(60 * MINUTES / 2)
        page.ask(kind)
        sessions.free_idle()
    assert len(sessions) == 0
    assert not session.training
    assert session.outbox.reason_to_leave(page._wake) == "restarted"


def _request(tag: str) -> Any:
    kind = next(kind for kind in REQUESTS if kind.__struct_config__.tag == tag)
    return kind(id=1)


def test_never_is_never() -> None:
    clock = FakeClock()
    sessions = Sessions(EmbeddedCatalog(), "digits-relu", clock=clock, rules=ClassRules(None))
    session, _ = sessions.open(None)
    Page(session).ask("turnKnobs", knobs=[7], values=[0.5], gesture=1)
    clock.advance(3600)
    sessions.free_idle()
    assert len(sessions) == 1
    sessions.close()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], None),
        (["--class"], ClassRules(300.0)),
        (["--class", "--reset-after", "0.5"], ClassRules(30.0)),
        (["--class", "--reset-after", "none"], ClassRules(None)),
    ],
)
def test_the_command_passes_the_rules_on(
    monkeypatch: pytest.MonkeyPatch, options: list[str], expected: ClassRules | None
) -> None:
    passed: list[Any] = []
    monkeypatch.setattr("pellucid.studio.serving.server.serve", lambda *_, rules, **__: passed.append(rules))
    assert CliRunner().invoke(command, ["--no-browser", *options]).exit_code == 0
    assert passed == [expected]


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon", "1e9", ""])
def test_minutes_that_are_none_are_refused(value: str) -> None:
    result = CliRunner().invoke(command, ["--no-browser", "--class", "--reset-after", value])
    assert result.exit_code == 2
    assert "Expected a number of minutes above 0" in result.output


def test_minutes_need_a_class() -> None:
    result = CliRunner().invoke(command, ["--no-browser", "--reset-after", "5"])
    assert result.exit_code == 2
    assert "--class" in result.output
