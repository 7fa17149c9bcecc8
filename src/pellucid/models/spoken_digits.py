"""The network that hears digits: an LSTM that reads mel bands both ways, trained with CTC on sounds.

``python -m pellucid.models.spoken_digits`` trains it on the recordings of fsdd and the synthetic voices together,
prints how well it hears, and writes it beside this recipe. With ``--leave-one-out`` it also trains six networks, each
without one of the six speakers, and prints how well each hears the one it has never heard: the figure that counts for
everybody else. ``docs/speech.md`` tells what was tried.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import data
from pellucid.files import save
from pellucid.layers import LSTM, Dense
from pellucid.models import HEARER
from pellucid.network import Network
from pellucid.optimizers import Adam
from pellucid.schedules import Cosine, WarmUp
from pellucid.speech.ear import Ear
from pellucid.speech.features import BANDS
from pellucid.speech.judging import Score, judged
from pellucid.speech.lessons import Lessons, Words
from pellucid.speech.lexicon import CLASSES
from pellucid.training import Trainer

if TYPE_CHECKING:
    from pellucid.data.recordings import Recordings
    from pellucid.data.sequences import Sequences

NAME = HEARER


@dataclass(frozen=True)
class SpokenRecipe:
    """A network that hears digits, and its training: everything but words and seed.

    Parameters
    ----------
    hidden, layers : int
        Units of each direction, and how many such layers.
    lessons : Lessons
        How words become utterances.
    rounds : int
        Variations of every word that are made in all.
    epochs : int
        How often all of them are seen.
    rate, batch_size, clip
        Of the optimiser, Adam.
    prior_share : float
        See `pellucid.speech.ear.Ear.logs`.
    """

    hidden: int = 64
    layers: int = 2
    lessons: Lessons = field(default_factory=Lessons)
    rounds: int = 4
    epochs: int = 4
    rate: float = 0.01
    batch_size: int = 16
    clip: float = 5.0
    prior_share: float = 0.5

    def network(self, seed: int) -> Network:
        """A fresh network."""
        shape: Any = (None, BANDS)
        heard = [LSTM(self.hidden, bidirectional=True) for _ in range(self.layers)]
        return Network(
            [*heard, Dense(len(CLASSES), "softmax")],
            input_shape=shape,
            seed=seed,
            classes=CLASSES,
        )

    def trainer(self, lessons: Sequences, seed: int, threads: int | None = None) -> Trainer:
        """A trainer for a fresh network, both drawn from ``seed``."""
        optimizer = Adam(WarmUp(self.rate, epochs=0.15 * self.epochs, then=Cosine(self.rate)))
        return Trainer(
            self.network(seed), lessons, loss="ctc", optimizer=optimizer, batch_size=self.batch_size, seed=seed,
            clip=self.clip, threads=threads,
        )  # fmt: skip

    def train(self, words: Words, seed: int, threads: int | None = None, say: Any = None) -> Network:
        """A network trained on words, with what `Ear` needs to know in its record."""
        lessons = self.lessons.sequences(words, seed, self.rounds)
        trainer = self.trainer(lessons, seed, threads)
        for event in trainer.run(self.epochs):
            if say is not None:
                say(event)
        finish(trainer.net, lessons, self.prior_share)
        return trainer.net


def finish(net: Network, lessons: Sequences, prior_share: float) -> None:
    """Note in a network's record how often it says what in its lessons."""
    net.record["hearing"] = {"priors": priors(net, lessons), "prior_share": prior_share}


def priors(net: Any, lessons: Sequences, most: int = 2000) -> list[float]:
    """The mean probability of each class over the frames of some lessons."""
    chosen = np.linspace(0, len(lessons) - 1, min(most, len(lessons))).astype(np.int64)
    outputs = net(list(lessons[chosen].frames))
    mean = np.concatenate(outputs).astype(np.float64).mean(axis=0)
    return [float(f"{share:.6g}") for share in mean]


def leave_one_out(
    recipe: SpokenRecipe, whole: Recordings, own: Words, extra: Words, seed: int, threads: int | None = None
) -> Iterator[tuple[str, Score]]:
    """Yield each speaker, and how well a network hears them that has learnt from all others and the extra words."""
    for speaker in sorted(set(whole.speakers.tolist())):
        net = recipe.train(own[own.speakers != speaker] + extra, seed, threads)
        yield speaker, judged(Ear(net), whole.of(speaker))


def main() -> None:
    """The command line of the recipe."""
    parser = argparse.ArgumentParser(description=f"Train {NAME} on fsdd and the synthetic voices.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--leave-one-out", action="store_true", help="also train six networks, each for a stranger")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / f"{NAME}.safetensors")
    options = parser.parse_args()
    recipe = SpokenRecipe()
    fsdd, spoken = data.load("fsdd"), data.load("spoken")
    own, held_out = recipe.lessons.all_of(fsdd.train), recipe.lessons.all_of(fsdd.test)
    extra = recipe.lessons.all_of(spoken.train)
    net = recipe.train(own + extra, options.seed, options.threads, say=_told)
    score = judged(Ear(net), fsdd.test)
    print(f"official split: {score}")
    figures: dict[str, Any] = {"official": vars(score)}
    if options.leave_one_out:
        whole = fsdd.train.joined_with(fsdd.test)
        scores = {}
        for speaker, found in leave_one_out(recipe, whole, own + held_out, extra, options.seed, options.threads):
            scores[speaker] = found
            print(f"without {speaker}: {found}", flush=True)
        figures["leave_one_out"] = {speaker: vars(found) for speaker, found in scores.items()}
        mean = Score(*(float(np.mean([getattr(s, name) for s in scores.values()])) for name in vars(score)))
        print(f"leave one speaker out, mean: {mean}; worst single {min(s.single for s in scores.values()):.2%}")
    net.record |= {"recipe": NAME, "figures": figures}
    save(net, options.output)
    print(f"wrote {options.output}")


def _told(event: Any) -> None:
    print(f"epoch {event.epoch}: loss {event.loss:.3f}, {event.train_accuracy:.1%} spelt right", flush=True)


if __name__ == "__main__":
    main()
