"""The application: only networks that the studio can draw, and a page that is newer than its source."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import DataError
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.session import Session
from pellucid.studio.state.edited_network import EditedNetwork, default_loss
from studio.fake_page import EmbeddedCatalog, Page, session

ROOT = Path(__file__).parents[2]


def test_only_networks_that_can_be_shown_are_offered() -> None:
    names = EmbeddedCatalog().networks
    assert names[0] == "digits-relu"
    for name in names:
        assert pl.load(name).classes == tuple("0123456789")
        assert not pl.load(name).program.takes_sequences
    assert "digits-conv" in names


@pytest.mark.parametrize(
    ("net", "code"),
    [
        (pl.Network([pl.LSTM(4, outputs="last"), pl.Dense(3, "softmax")], input_shape=(None, 4)), "bad_value"),
        (pl.Network([pl.Dense(500, "relu"), pl.Dense(10, "softmax")]), "too_large"),
    ],
)
def test_networks_that_cannot_be_shown_are_refused(net: pl.Network, code: str) -> None:
    with pytest.raises(RefusedError) as error:
        EditedNetwork(net, "a", "cross_entropy")
    assert error.value.code == code


def test_a_network_of_other_classes_leaves_the_session_as_it_was(tmp_path: Path) -> None:
    page = Page(session())
    pl.save(pl.Network([pl.Dense(7, "softmax")]), tmp_path / "seven.safetensors")
    with pytest.raises(RefusedError, match="784 inputs for 7 classes: start the studio with its data"):
        page.session.open_network((tmp_path / "seven.safetensors").read_bytes(), "seven")
    assert page.fetch() == []
    assert page.asked("findKnobs", "knobs", query="").found == 13002


def test_a_network_file_is_used_with_its_own_levels(tmp_path: Path) -> None:
    net = pl.Network([pl.Dense(12, "tanh"), pl.Dense(10, "sigmoid")], level_range=(0, 9), seed=4)
    pl.save(net, tmp_path / "own.safetensors")
    page = Page(Session("x", EmbeddedCatalog(), str(tmp_path / "own.safetensors")))
    test = pl.data.load("digits").test
    page.ask("openExample", part="test", index=0)
    received = page.asked("askVotes", "votes", layer=0, neuron=0)
    levels = test.images[0].astype(np.float32) / 255 * 9
    np.testing.assert_allclose(received.terms, net.trace(levels)[0].terms(0), rtol=1e-5, atol=1e-6)
    guesses = page.asked("browseExamples", "examples", part="test", begin=0, count=50).readings
    assert guesses == net(test.images[:50].astype(np.float32) / 255 * 9).argmax(axis=1).tolist()
    judged = next(event for event in page.greeting if event.type == "judged")
    assert judged.accuracy == pytest.approx(
        float((net(test.images.astype(np.float32) / 255 * 9).argmax(axis=1) == test.labels).mean())
    )


def test_the_usual_loss_suits_the_outputs() -> None:
    assert default_loss(pl.Network([pl.Dense(10, "relu")])) == "squared"
    net = pl.Network([pl.Dense(10, "sigmoid")])
    assert default_loss(net) == "cross_entropy"
    net.record["loss"] = "squared"
    assert default_loss(net) == "squared"
    net.record["loss"] = ["nonsense"]
    assert default_loss(net) == "cross_entropy"


def test_a_session_begins_with_a_model_that_is_there() -> None:
    with pytest.raises(pl.ConfigurationError, match="nowhere"):
        Session("x", EmbeddedCatalog(), "nowhere")
    with pytest.raises(DataError):
        session().open_picture(b"")


@pytest.mark.skipif(not (ROOT / "build_steps").exists(), reason="installed without its source")
def test_a_page_is_built_again_when_its_source_is_younger(tmp_path: Path) -> None:
    specification = importlib.util.spec_from_file_location("page", ROOT / "build_steps/page.py")
    assert specification is not None
    assert specification.loader is not None
    hook = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(hook)
    (tmp_path / "web/src").mkdir(parents=True)
    source = tmp_path / "web/src/App.svelte"
    source.write_text("a")
    assert not hook.is_fresh(tmp_path)
    pages = [tmp_path / hook.PAGE / name for name in hook.PAGES]
    pages[0].parent.mkdir(parents=True)
    os.utime(source, (1000, 1000))
    for page in pages:
        assert not hook.is_fresh(tmp_path)
        page.write_text("b")
    assert hook.is_fresh(tmp_path)
    os.utime(pages[1], (500, 500))
    assert not hook.is_fresh(tmp_path)
