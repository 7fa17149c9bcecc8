"""`pellucid train --network lstm`, gru or rnn: train a network to recognise spoken digits.

It learns on utterances that are made of recordings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pellucid.cli.loading import load_data
from pellucid.cli.recipe import CELLS, DATA, SPOKEN, hidden_sizes
from pellucid.cli.training_job import TrainingJob
from pellucid.errors import ConfigurationError

if TYPE_CHECKING:
    from pellucid.cli.terminal import Terminal
    from pellucid.data import Recordings, Sequences
    from pellucid.models.spoken_digits import SpokenRecipe
    from pellucid.training.trainer import Trainer

_HIDDEN, _ROUNDS, _RATE = 64, 2, 0.006
_FIXED = ("--activation", "--output-activation", "--loss", "--augment", "--decay", "--schedule")


@dataclass(frozen=True)
class SpokenData:
    """The training data, the validation data and the held-out recordings."""

    train: Sequences
    test: Sequences
    held_out: Recordings
    speakers: int
    words: int


class SpokenJob(TrainingJob):
    """One call of `pellucid train` for a speech network."""

    usual_epochs = 8

    def __init__(self, data: str, *options: Any) -> None:
        super().__init__("spoken" if data == DATA else data, *options)
        self.cell = self.recipe.network or CELLS[0]
        if self.data not in SPOKEN:
            raise ConfigurationError(f"--network {self.cell} expected --data spoken or fsdd, got {data!r}.")
        if self.table.typed():
            raise ConfigurationError(f"{self.table.typed()[0]} is for CSV tables: leave it out for spoken digits.")
        if self.cell not in CELLS:
            raise ConfigurationError(
                f"--data {self.data} expected --network as one of {', '.join(CELLS)}; got {self.cell!r}."
            )
        if extra := [name for name in self.recipe.given() if name in _FIXED]:
            raise ConfigurationError(f"--network {self.cell} has a fixed recipe: leave out {' and '.join(extra)}.")
        if self.recipe.optimizer not in (None, "adam"):
            raise ConfigurationError(f"--network {self.cell} expected --optimizer adam, got {self.recipe.optimizer!r}.")
        if self.again[:2] != ("--data", self.data):
            self.again = ("--data", self.data, *self.again)

    @cached_property
    def _spoken_recipe(self) -> SpokenRecipe:
        """Return the recipe of the shipped network, with smaller layers and fewer utterances, and the given options."""
        from pellucid.models.spoken_digits import SpokenRecipe

        given = self.recipe
        epochs = self.usual_epochs if self.epochs is None else self.epochs
        recipe = SpokenRecipe(hidden=_HIDDEN, rounds=_ROUNDS, epochs=epochs, rate=_RATE, cell=self.cell)
        if given.hidden is not None:
            sizes = hidden_sizes(given.hidden)
            if len(set(sizes)) != 1:
                raise ConfigurationError(f"--hidden expected layers of equal size such as 64,64; got {given.hidden!r}.")
            recipe = replace(recipe, hidden=sizes[0], layers=len(sizes))
        if given.learning_rate is not None:
            recipe = replace(recipe, rate=given.learning_rate)
        return recipe if given.batch_size is None else replace(recipe, batch_size=given.batch_size)

    @property
    def _varied_by(self) -> Any:
        return self._spoken_recipe.synthesis.vary

    def _load(self, terminal: Terminal) -> SpokenData:
        from pellucid.speech.synthesis import plain

        parts: Any = load_data(self.data, terminal)
        recipe = self._spoken_recipe
        # The utterances do not depend on the seed, so that another call can resume the training.
        words = recipe.synthesis.all_of(parts.train)
        learnt = recipe.synthesis.sequences(words, 0, recipe.rounds, name=parts.train.name)
        speakers = len(set(parts.train.speakers.tolist()))
        return SpokenData(learnt, plain(parts.test), parts.test, speakers, len(words))

    def _introduce(self, terminal: Terminal, trainer: Trainer, parts: SpokenData) -> None:
        terminal.say(
            f"{trainer.net!r}"[1:-1].replace(":", ",")
            + f", bidirectional {type(trainer.net.layers[0]).__name__}, CTC loss"
        )
        terminal.say(
            f"{len(parts.train):,} utterances made of {parts.words:,} words by {parts.speakers} speakers, "
            f"{len(parts.test):,} words held out"
        )
        terminal.say()

    def _begun(self, parts: SpokenData) -> Trainer:
        recipe = self._spoken_recipe
        return recipe.trainer(parts.train, self.recipe.seed or 0, self.threads)

    def _settle(self, trainer: Trainer, parts: SpokenData) -> None:
        from pellucid.models.spoken_digits import finish

        recipe = self._spoken_recipe
        finish(trainer.net, parts.train, recipe)

    def _score(self, trainer: Trainer, parts: SpokenData) -> str:
        from pellucid.cli.words import percent
        from pellucid.speech.evaluation import evaluate
        from pellucid.speech.recognizer import Recognizer

        score = evaluate(Recognizer(trainer.net), parts.held_out, sequences=100)
        trainer.net.record["figures"] = {self.data: vars(score)}
        return (
            f"{percent(score.single)} of the held-out digits are recognised; in rows of one to seven, joined from "
            f"recordings, {percent(score.joined)} are wrong."
        )
