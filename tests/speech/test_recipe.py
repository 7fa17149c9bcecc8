from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid import data
from pellucid.errors import ConfigurationError
from pellucid.models.spoken_digits import NAME, SpokenRecipe, calibrate, record_result, weighed
from pellucid.speech.confidence import EVIDENCE
from pellucid.speech.evaluation import Score, evaluate
from pellucid.speech.recognizer import Recognizer
from pellucid.speech.words import Words


@pytest.fixture(scope="module")
def few() -> data.Recordings:
    spoken = data.load("spoken").train
    return spoken[np.arange(0, len(spoken), 60)]


def test_a_recipe_trains_a_working_network(few: data.Recordings) -> None:
    recipe = SpokenRecipe(hidden=8, layers=1, rounds=2, epochs=2, more_epochs=1)
    words = recipe.synthesis.all_of(few)
    losses: list[float] = []
    one, same = (recipe.train(words, seed=3, threads=1, say=lambda event: losses.append(event.loss)) for _ in range(2))
    assert one.parameters.tobytes() == same.parameters.tobytes()
    assert losses[:3] == losses[3:]
    assert losses[1] < losses[0]
    hearing = one.record["hearing"]
    assert sum(hearing["priors"]) == pytest.approx(1, abs=1e-3)
    assert hearing["prior_share"] == recipe.prior_share
    assert hearing["penalty"] == recipe.penalty
    score = evaluate(Recognizer(one), few[:15], sequences=3)
    assert 0 <= score.single <= 1
    assert score.joined >= 0


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_recipe_may_have_other_layers(cell: str) -> None:
    net = SpokenRecipe(hidden=8, cell=cell).network(0)
    assert [layer.kind for layer in net.layers] == [cell, cell, "dense"]
    assert net.output_shape == pl.load(NAME).output_shape


def test_the_shipped_network_has_the_settings_of_the_recipe() -> None:
    recipe, net = SpokenRecipe(), pl.load(NAME)
    assert net.record["recipe"] == NAME
    assert net.configuration()["layers"] == recipe.network(0).configuration()["layers"]
    assert net.record["epochs"] == recipe.epochs
    assert net.record["batch_size"] == recipe.batch_size
    assert len(net.record["hearing"]["sureness"]) == 1 + EVIDENCE
    assert net.record["hearing"]["prior_share"] == recipe.prior_share
    assert net.record["hearing"]["single_share"] == recipe.single_share
    assert net.record["hearing"]["penalty"] == recipe.penalty
    assert net.record["figures"]["official"]["single"] >= 0.985


def test_the_shipped_network_recognises_unknown_voices() -> None:
    unknown = data.load("spoken").test
    score = evaluate(Recognizer(pl.load(NAME)), unknown[np.arange(0, len(unknown), 10)], sequences=5)
    assert score.single > 0.9


def test_the_recorded_accuracy_is_reproduced() -> None:
    from pellucid.data.data_folders import configured_folder

    place = configured_folder("fsdd")
    if place is None or not place.is_dir():
        pytest.skip("fsdd is not on this machine")
    score = evaluate(Recognizer(pl.load(NAME)), data.load("fsdd").test[::3], sequences=12)
    assert score.single >= 0.98
    assert score.joined <= 0.2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--network", "lstm", "--data", "mnist"], "--data spoken or fsdd"),
        (["--data", "spoken", "--network", "mlp"], "--network as one of lstm, gru, rnn; got 'mlp'"),
        (["--network", "gru", "--data", "mnist"], "--network gru expected --data spoken or fsdd"),
        (["--network", "lstm", "--loss", "squared"], "--loss"),
        (["--network", "lstm", "--optimizer", "sgd"], "adam"),
        (["--network", "lstm", "--hidden", "8,16"], "equal size"),
    ],
)
def test_train_names_options_that_cannot_be_combined(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    from pellucid.cli.guard import run

    code = run(["train", *arguments, "--output", f"{tmp_path}/net.safetensors"])
    assert code == 2
    assert words in capsys.readouterr().err


def test_options_that_are_errors_are_typed() -> None:
    from pellucid.cli.hear import hear

    with pytest.raises(ConfigurationError, match="hear expected"):
        hear.callback(files=(), model=None, digits=None, threshold=None, microphone=False, json=False)


def test_rare_digits_weigh_more() -> None:
    labels = np.array([0] * 30 + [1] * 10 + [2] + [-1] * 5)
    words = Words([[np.ones((4, 20), np.float32)] * 7] * len(labels), labels, np.full(len(labels), "ann"))
    weights = weighed(words, digits=1.5, others=0.5).weights
    assert [float(weights[labels == label][0]) for label in (0, 1, 2, -1)] == [1.5, 4.5, 12.0, 0.5]


def test_a_network_is_calibrated_on_words_that_it_was_not_trained_on() -> None:
    net = pl.load(NAME)
    del net.record["hearing"]["sureness"]
    calibrate(net, data.load("spoken").test[::9])
    assert len(net.record["hearing"]["sureness"]) == 1 + EVIDENCE


def test_results_for_left_out_speakers_are_recorded_one_by_one(tmp_path: Path) -> None:
    place = tmp_path / "net.safetensors"
    net = SpokenRecipe(hidden=4, layers=1).network(0)
    net.record["figures"] = {"official": {"single": 1.0}}
    pl.save(net, place)
    record_result(place, "theo", Score(0.9, 0.8, 0.1, 0.7, 0.0))
    record_result(place, "george", Score(0.5, 0.4, 0.2, 0.3, 0.01))
    figures = pl.load(place).record["figures"]
    assert figures["official"] == {"single": 1.0}
    assert figures["leave_one_out"]["theo"]["single"] == 0.9
    assert figures["leave_one_out"]["george"]["misled"] == 0.01
