"""The data sets: named ones, the user's own, and downloads."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.data import mnist
from pellucid.data.dataset import Dataset, TrainTest
from pellucid.errors import DataError, DownloadError
from pellucid.studio.dataset_catalog import DatasetCatalog
from pellucid.studio.session import Session
from studio.fake_page import EmbeddedCatalog, Event, Page, wait_for


def archive(path: Path, classes: int = 3, side: int = 28) -> Path:
    rng = np.random.default_rng(0)
    labels = np.arange(60) % classes
    images = rng.integers(0, 256, (60, side, side)).astype(np.uint8)
    np.savez(path, images=images, labels=labels)
    return path


def choices_of(received: list[Event]) -> list[dict[str, Any]]:
    return next(event for event in received if event.type == "dataSets").choices


def fetched(page: Page) -> list[Event]:
    """Ask for MNIST, and everything received until that is over."""
    received = page.ask("fetchData", name="mnist")

    def over() -> bool:
        received.extend(page.fetch())
        return any(event.type == "dataSets" and event.fetching is None for event in received)

    wait_for(over)
    return received


def test_own_data_are_trained_on_with_one_output_for_each_class(tmp_path: Path) -> None:
    page = Page(Session("a", DatasetCatalog(str(archive(tmp_path / "shapes.npz"))), "digits-relu"))
    choices = {each["name"]: each for each in choices_of(page.greeting)}
    assert choices["shapes.npz"] == {
        "name": "shapes.npz",
        "classes": 3,
        "here": True,
        "note": "60 pictures of your own",
    }
    training = next(event for event in page.greeting if event.type == "training")
    assert training.plan["data"] != "shapes.npz"  # the network at the beginning has ten outputs
    layers = [{"size": 4, "activation": "relu"}, {"size": 3, "activation": "softmax"}]
    received = page.ask("setUp", plan=training.plan | {"data": "shapes.npz", "layers": layers})
    network = next(event for event in received if event.type == "network")
    assert len(network.network["classes"]) == 3
    assert network.data["train"] + network.data["test"] == 60


def test_own_data_with_the_right_classes_are_the_default(tmp_path: Path) -> None:
    catalog = DatasetCatalog(str(archive(tmp_path / "ten.npz", classes=10)))
    assert catalog.default_for(10) == "ten.npz"
    assert catalog.default_for(7) == "digits"


def test_a_folder_of_pictures_is_brought_to_size(tmp_path: Path) -> None:
    from PIL import Image

    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for at in range(5):
            Image.new("L", (40, 50), 20 * at).save(tmp_path / "pets" / name / f"{at}.png")
    catalog = DatasetCatalog(str(tmp_path / "pets"))
    assert catalog.data("pets").train.images.shape[1:] == (28, 28)


def test_data_of_another_size_or_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="28x28"):
        DatasetCatalog(str(archive(tmp_path / "large.npz", side=9)))
    with pytest.raises(DataError):
        DatasetCatalog(str(tmp_path / "nowhere"))


def test_a_download_reports_its_progress_until_it_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Dataset(np.zeros((10, 28, 28), np.uint8), np.arange(10))

    def load(progress: mnist.Progress) -> TrainTest:
        progress("train-images", 5_000_000, 9_900_000)
        return TrainTest(tiny, tiny)

    monkeypatch.setattr(mnist, "load_mnist", load)
    monkeypatch.setattr(mnist, "is_available", lambda: False)
    page = Page(Session("a", DatasetCatalog(), "digits-relu"))
    assert [each["here"] for each in choices_of(page.greeting)] == [True, False]
    last = fetched(page)[-1]
    assert [each["name"] for each in last.choices] == ["digits", "mnist"]
    assert all(each["here"] for each in last.choices)
    assert page.refused("fetchData", name="mnist") == "unavailable"


def test_a_download_that_fails_says_so_and_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(progress: mnist.Progress) -> TrainTest:
        raise DownloadError("Could not reach the mirror: try again when the network is there.")

    monkeypatch.setattr(mnist, "load_mnist", load)
    page = Page(Session("a", EmbeddedCatalog(), "digits-relu"))
    for _ in range(2):
        received = fetched(page)
        [failed] = [event for event in received if event.type == "failed"]
        assert "network is there" in failed.message
        assert [each["here"] for each in received[-1].choices] == [True, False]


def test_one_download_at_a_time_and_only_of_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(mnist, "load_mnist", lambda progress: go_on.wait(10))
    catalog = EmbeddedCatalog()
    first, second = (Page(Session(name, catalog, "digits-relu")) for name in "ab")
    first.ask("fetchData", name="mnist")
    assert second.refused("fetchData", name="mnist") == "busy"
    assert second.refused("fetchData", name="../../etc") == "unavailable"
    assert [event.type for event in second.ask("pause")] == ["training"]
    go_on.set()
