"""Campaigns that know right answers notice wrong ones: each is run against a library with a planted defect."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.network.network import Network
from pellucid.studio.rooms.turn import TurnRoom
from pellucid.studio.serving.request_guard import RequestGuard
from pellucid.studio.serving.upload_check import UploadCheck
from tools.fuzz.campaign import Case, WrongResultError, generator_of

MOST_CASES = 60


def case_of(name: str, folder: Path) -> Case:
    case: Case = import_module(f"tools.fuzz.campaigns.{name}").prepare(folder)
    return case


def wrong_results(case: Case, name: str) -> list[str]:
    """The messages of the first wrong result among some cases."""
    for number in range(MOST_CASES):
        try:
            case(generator_of(0, name, number))
        except WrongResultError as error:
            return [str(error)]
        except pl.PellucidError:
            pass
    return []


Change = Callable[[Any], Any]


def altered(function: Callable[..., Any], change: Change) -> Callable[..., Any]:
    return lambda *given, **named: change(function(*given, **named))


def with_gradient(factor: float) -> Change:
    return lambda found: type(found)(**{**vars(found), "parameters": found.parameters * factor})


@pytest.mark.parametrize(
    ("kind", "name", "change", "words"),
    [
        (Network, "__call__", lambda a: [x + 0.01 for x in a] if isinstance(a, list) else a + 0.01, "outputs"),
        (Network, "gradient", with_gradient(1.02), "gradient by parameters"),
        (pl.Trainer, "take_steps", lambda losses: losses + 0.1, "loss of a step"),
    ],
)
def test_networks(
    kind: Any, name: str, change: Change, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of("networks", tmp_path)
    monkeypatch.setattr(kind, name, altered(getattr(kind, name), change))
    [message] = wrong_results(case, "networks")
    assert message.startswith(words)


@pytest.mark.parametrize(
    ("module", "name", "change"),
    [
        ("csv_rows", "compact", lambda table: table + np.float32(0.5)),
        ("csv_records", "with_point", lambda field: field.replace(".", "")),
    ],
)
def test_tables(module: str, name: str, change: Change, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = import_module(f"pellucid.data.{module}")
    case = case_of("tables", tmp_path)
    assert wrong_results(case, "tables") == []
    monkeypatch.setattr(reading, name, altered(getattr(reading, name), change))
    assert len(wrong_results(case, "tables")) == 1


def test_networks_with_a_wrong_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, take = case_of("networks", tmp_path), pl.Trainer.take_steps

    def and_more(trainer: pl.Trainer, count: int) -> Any:
        losses = take(trainer, count)
        trainer.net.parameters[:1] += 0.05
        return losses

    monkeypatch.setattr(pl.Trainer, "take_steps", and_more)
    [message] = wrong_results(case, "networks")
    assert message.startswith("parameters after a step")


def test_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UploadCheck, "try_out", UploadCheck.try_out)  # the campaign replaces it in its own process
    case = case_of("requests", tmp_path)
    monkeypatch.setattr(RequestGuard, "_refusal", lambda *given: None)
    [message] = wrong_results(case, "requests")
    assert message.startswith("let in with")


def test_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(*given: Any) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(TurnRoom, "find", find)
    [message] = wrong_results(case_of("messages", tmp_path), "messages")
    assert "planted" in message


def test_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, resume = case_of("kills", tmp_path), pl.Trainer.resume

    def slightly_wrong(*given: Any, **named: Any) -> pl.Trainer:
        trainer = resume(*given, **named)
        trainer.net.parameters[:1] = np.nextafter(trainer.net.parameters[:1], np.float32(np.inf))
        return trainer

    monkeypatch.setattr(pl.Trainer, "resume", slightly_wrong)
    [message] = wrong_results(case, "kills")
    assert "other parameters" in message


def test_data_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of("data_files", tmp_path)
    monkeypatch.setattr(pl.data.Dataset, "__len__", lambda data: 0)
    assert wrong_results(case, "data_files")
