"""Kept runs: written whole, read back checked; opened, renamed, deleted; a session keeps what it trains."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import pellucid as pl
from hostile import EXTREMES
from pellucid.network.files import network_bytes
from pellucid.studio.protocol.parts import KeptRun
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.learn.run_keeper import KEEP_SECONDS
from pellucid.studio.serving.kept_key import SECRET_SECONDS, kept_key
from pellucid.studio.state import kept_runs
from pellucid.studio.state.first_plan import first_plan
from pellucid.studio.state.kept_runs import KeptRuns, new_identity
from studio.fake_clock import FakeClock
from studio.fake_page import EmbeddedCatalog, Event, Page, session, wait_for


def a_run(**changes: Any) -> KeptRun:
    from pellucid.data.preparation import Preparation

    plan = first_plan("digits", (28, 28), 10, Preparation())
    run = KeptRun(new_identity(), "first", False, plan, "digits", 7, 0.5, 2000, 1e9)
    return msgspec.structs.replace(run, **changes)


def a_network() -> bytes:
    return network_bytes(pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28)))


class Keeping(EmbeddedCatalog):
    def __init__(self, folder: Path) -> None:
        super().__init__(runs=KeptRuns(folder))


def only(received: list[Event], kind: str) -> Event:
    return [event for event in received if event.type == kind][-1]


def trained(page: Page, count: int = 3) -> list[Event]:
    received = page.ask("stepBatches", count=count)
    wait_for(lambda: not page.session.training)
    with page.session._lock.high_priority():
        return received + page.fetch()


def test_runs_are_listed_latest_first_renamed_and_deleted(tmp_path: Path) -> None:
    runs = KeptRuns(tmp_path / "runs")
    assert runs.all() == []
    older, newer = a_run(when=1e9), a_run(when=2e9, name="second")
    for run in (newer, older):
        assert runs.keep(run, a_network())
    assert runs.all() == [newer, older]
    assert runs.network(older.id) == (older, a_network())
    runs.rename(older.id, " mine ")
    runs.keep(msgspec.structs.replace(older, step=9, when=3e9), a_network())
    assert (runs.all()[0].name, runs.all()[0].named, runs.all()[0].step) == ("mine", True, 9)
    runs.delete(older.id)
    assert runs.all() == [newer]
    assert sorted(path.suffix for path in (tmp_path / "runs").iterdir()) == [".json", ".safetensors"]
    for act in (lambda: runs.network(older.id), lambda: runs.rename(older.id, "x"), lambda: runs.delete("../../etc")):
        with pytest.raises(RefusedError, match="not here"):
            act()
    with pytest.raises(RefusedError, match="a name"):
        runs.rename(newer.id, "  ")


def test_without_a_folder_or_a_place_to_write_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for runs in (KeptRuns(), KeptRuns(tmp_path / "file")):
        assert not runs.keep(a_run(), a_network())
        assert runs.all() == []


@pytest.mark.parametrize("name", ["version", "name", "named", "data", "step", "accuracy", "total", "when", "plan"])
def test_entries_with_hostile_values_are_left_out(tmp_path: Path, name: str) -> None:
    runs, run = KeptRuns(tmp_path), a_run()
    runs.keep(run, a_network())
    file = tmp_path / f"{run.id}.json"
    good = json.loads(file.read_text())
    for value in EXTREMES:
        try:
            file.write_text(json.dumps({**good, name: value}))
        except (TypeError, ValueError, RecursionError):
            continue
        assert all(isinstance(each, KeptRun) for each in runs.all())
    del good[name]
    file.write_text(json.dumps(good))
    assert runs.all() == []


def test_the_oldest_without_a_name_of_its_own_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_runs, "MAX_RUNS", 2)
    runs = KeptRuns(tmp_path)
    first = a_run(when=1.0)
    runs.keep(first, a_network())
    runs.rename(first.id, "dear")
    for when in (2.0, 3.0, 4.0):
        runs.keep(a_run(when=when), a_network())
    assert [run.when for run in runs.all()] == [4.0, 1.0]


def test_a_session_keeps_what_it_trains_and_another_opens_it(tmp_path: Path) -> None:
    page = Page(session("digits-sigmoid", Keeping(tmp_path)))
    received = trained(page)
    [run] = only(received, "runs").runs
    training = only(received, "training")
    assert (training.run, training.kept) == (run["id"], True)
    assert (run["name"], run["step"], run["plan"]) == ("digits-sigmoid, trained further", 3, training.plan)
    assert run["accuracy"] == only(received, "judged").accuracy
    assert only(page.ask("goToStep", step=1), "training").kept is False
    assert only(page.ask("goToStep", step=3), "training").kept is True
    other = Page(session("digits-relu", Keeping(tmp_path)))
    assert only(other.greeting, "runs").runs == [run]
    opened = other.ask("openRun", run=run["id"])
    np.testing.assert_array_equal(only(opened, "parameters").knobs, page.session._state.edited.net.parameters)
    training = only(opened, "training")
    assert (training.run, training.kept, training.plan) == (run["id"], True, run["plan"])
    runs = only(trained(other), "runs").runs
    assert len(runs) == 2, "what is trained further does not replace what was opened"
    assert other.refused("openRun", run="0" * 16) == "unavailable"


def test_a_run_is_renamed_and_deleted_from_the_page(tmp_path: Path) -> None:
    page = Page(session("digits-sigmoid", Keeping(tmp_path)))
    run = only(trained(page), "runs").runs[0]["id"]
    assert page.asked("renameRun", "runs", run=run, name="ours").runs[0]["name"] == "ours"
    received = page.ask("deleteRun", run=run)
    assert only(received, "runs").runs == []
    assert (only(received, "training").run, only(received, "training").kept) == (None, False)
    assert only(trained(page), "runs").runs[0]["id"] != run


def test_training_is_kept_while_it_runs_and_when_the_studio_stops(tmp_path: Path) -> None:
    clock = FakeClock(tick=0.01)
    page = Page(session("digits-sigmoid", Keeping(tmp_path), clock))
    page.ask("train")
    wait_for(lambda: len(list(tmp_path.glob("*.json"))) == 1)
    clock.advance(KEEP_SECONDS)
    [first] = KeptRuns(tmp_path).all()
    page.session.close("closing")
    [last] = KeptRuns(tmp_path).all()
    assert (last.id, last.step) == (first.id, page.session._learn.course.run().trainer.step)
    net = page.session._state.edited.net
    assert KeptRuns(tmp_path).network(last.id)[1] == network_bytes(net)


def test_the_key_is_the_same_after_a_restart_and_private(tmp_path: Path) -> None:
    first = kept_key(tmp_path, "127.0.0.1", 8127)
    assert first == kept_key(tmp_path, "127.0.0.1", 8127)
    assert first != kept_key(tmp_path, "127.0.0.1", 8128)
    secret = tmp_path / "secret"
    assert secret.stat().st_mode & 0o077 == 0
    assert kept_key(None, "127.0.0.1", 8127) is None
    (tmp_path / "file").touch()
    assert kept_key(tmp_path / "file", "127.0.0.1", 8127) is None
    old = time.time() - SECRET_SECONDS - 1
    spoil = [lambda: secret.write_bytes(b"short"), lambda: secret.chmod(0o644), lambda: os.utime(secret, (old, old))]
    for change in spoil:
        before = kept_key(tmp_path, "127.0.0.1", 8127)
        change()
        assert kept_key(tmp_path, "127.0.0.1", 8127) != before
        assert secret.stat().st_mode & 0o077 == 0
