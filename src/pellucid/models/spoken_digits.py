"""The network for spoken digits: a bidirectional LSTM on mel bands, trained with CTC on sounds.

``python -m pellucid.models.spoken_digits`` trains it on the recordings of fsdd, real voices (`pellucid.data.voices`)
and the synthetic voices, fits its confidence to voices that it was not trained on, prints its accuracy and how often it
is sure of a digit where there is none, and writes it beside this recipe. ``--leave-one-out`` instead trains six
networks, each without one of the six speakers of fsdd, and prints how well each recognises the left-out speaker, which
shows how well new speakers are recognised. ``docs/speech.md`` lists what was tried; ``benchmarks/hearing.py`` measures.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import data
from pellucid.data.fsdd import SPEAKERS
from pellucid.data.recordings import Recordings
from pellucid.data.voices import load_voices
from pellucid.layers import LAYERS, Dense
from pellucid.models import HEARER
from pellucid.network.files import load, save
from pellucid.network.network import Network
from pellucid.speech.calibration import collect, fitted
from pellucid.speech.evaluation import Score, evaluate, false_alarms, mean, no_digits, rounded
from pellucid.speech.features import BANDS, STACK
from pellucid.speech.lexicon import CLASSES
from pellucid.speech.recognizer import Recognizer
from pellucid.speech.synthesis import UtteranceSynthesis
from pellucid.speech.words import Words
from pellucid.training.optimizers import Adam
from pellucid.training.schedules import Cosine, WarmUp
from pellucid.training.sequence_augmentation import Function
from pellucid.training.trainer import Trainer

if TYPE_CHECKING:
    from pellucid.data.sequences import Sequences

NAME = HEARER
_MOST_WEIGHT = 12.0


@dataclass(frozen=True)
class SpokenRecipe:
    """A network for spoken digits and its training, without the words and the seed.

    Parameters
    ----------
    hidden, layers : int
        Units per direction, and number of layers.
    synthesis : UtteranceSynthesis
        Makes utterances from words.
    rounds : int
        Number of variations of every word.
    epochs : int
        Number of passes over all variations.
    rate, batch_size, clip
        Settings of the optimiser, Adam.
    more_epochs, more_rate, more_batch_size
        A second training, which continues with new utterances of the same words. It has none if ``more_epochs`` is 0.
    prior_share, single_share : float
        See `pellucid.speech.recognizer.Recognizer.logs` and ``single``.
    penalty : float
        See `pellucid.speech.decoding.Beam`. A penalty loses words that were said but are unsure.
    cell : str
        The kind of the recurrent layers: "lstm", "gru" or "rnn".
    """

    hidden: int = 96
    layers: int = 2
    synthesis: UtteranceSynthesis = field(default_factory=UtteranceSynthesis)
    rounds: int = 4
    epochs: int = 6
    rate: float = 0.005
    batch_size: int = 16
    clip: float = 5.0
    more_epochs: int = 0
    more_rate: float = 0.003
    more_batch_size: int = 32
    prior_share: float = 0.3
    single_share: float = 0.6
    penalty: float = 0.0
    cell: str = "lstm"

    def network(self, seed: int) -> Network:
        """Return a new network."""
        shape: Any = (None, STACK * BANDS)
        kind: Any = LAYERS[self.cell]
        heard = [kind(self.hidden, bidirectional=True) for _ in range(self.layers)]
        return Network(
            [*heard, Dense(len(CLASSES), "softmax")],
            input_shape=shape,
            seed=seed,
            classes=CLASSES,
        )

    def trainer(self, utterances: Sequences, seed: int, threads: int | None = None) -> Trainer:
        """Return a trainer for a new network, both initialised from ``seed``."""
        optimizer = Adam(WarmUp(self.rate, epochs=0.15 * self.epochs, then=Cosine(self.rate)))
        return self._trainer(self.network(seed), utterances, optimizer, self.batch_size, seed, threads)

    def second_trainer(self, net: Network, utterances: Sequences, seed: int, threads: int | None = None) -> Trainer:
        """Return a trainer that continues with a trained network, at a lower rate and with larger mini-batches."""
        optimizer = Adam(WarmUp(self.more_rate, epochs=0.06 * self.more_epochs, then=Cosine(self.more_rate)))
        return self._trainer(net, utterances, optimizer, self.more_batch_size, seed, threads)

    def _trainer(
        self, net: Network, utterances: Sequences, optimizer: Adam, batch_size: int, seed: int, threads: int | None
    ) -> Trainer:
        return Trainer(
            net, utterances, loss="ctc", optimizer=optimizer, batch_size=batch_size, seed=seed, clip=self.clip,
            threads=threads, augment=self.synthesis.vary,
        )  # fmt: skip

    def train(self, words: Words, seed: int, threads: int | None = None, say: Any = None) -> Network:
        """Train a network on words, and add the settings of `Recognizer` to its record."""
        utterances = self.synthesis.sequences(words, seed, self.rounds)
        trainer = self.trainer(utterances, seed, threads)
        _run(trainer, self.epochs, say)
        if self.more_epochs:
            utterances = self.synthesis.sequences(words, seed + 1, self.rounds)
            trainer = self.second_trainer(trainer.net, utterances, seed + 1, threads)
            _run(trainer, self.more_epochs, say)
        finish(trainer.net, utterances, self)
        return trainer.net


def weighed(words: Words, digits: float, others: float) -> Words:
    """Weigh words so that every digit is used about as often as the others, however few recordings of it there are.

    Parameters
    ----------
    words : Words
    digits : float
        The weight of a digit with the most recordings; one with fewer weighs up to `_MOST_WEIGHT`.
    others : float
        The weight of a word that is no digit.
    """
    weights = np.full(len(words), others)
    most = max(map(len, words.by_digit.values()), default=0)
    for own in words.by_digit.values():
        weights[own] = max(digits, min(_MOST_WEIGHT, digits * most / max(1, len(own))))
    return words.weighted(weights)


def calibrate(net: Network, clips: Recordings) -> None:
    """Fit the confidence to recordings of single words, digits and others, and add it to the network's record."""
    evidence = collect(Recognizer(net), clips)
    settings: Any = net.record["hearing"]
    settings["sureness"] = fitted(evidence, int((clips.labels < 0).sum()))


def finish(net: Network, utterances: Sequences, recipe: SpokenRecipe) -> None:
    """Add the settings of `Recognizer` to the network's record; the priors are its mean output over some utterances."""
    found = priors(net, utterances, recipe.synthesis.vary)
    net.record["hearing"] = {"priors": found} | _settings(recipe)


def _settings(recipe: SpokenRecipe) -> dict[str, float]:
    return {name: getattr(recipe, name) for name in ("prior_share", "single_share", "penalty")}


def priors(net: Any, utterances: Sequences, vary: Function, most: int = 2000) -> list[float]:
    """Return the mean probability of each class over the frames of some utterances, each augmented once."""
    chosen = np.linspace(0, len(utterances) - 1, min(most, len(utterances))).astype(np.int64)
    rng = np.random.default_rng(0)
    outputs = net([vary(frames, rng) for frames in utterances[chosen].frames])
    mean = np.concatenate(outputs).astype(np.float64).mean(axis=0)
    return [float(f"{share:.6g}") for share in mean]


def main() -> None:
    """Run the command line of the recipe."""
    parser = argparse.ArgumentParser(description=f"Train {NAME} on fsdd, real and synthetic voices.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument(
        "--leave-one-out", nargs="*", choices=SPEAKERS, metavar="SPEAKER",
        help="instead, train one network without each of these speakers (default: all six), evaluate it on that "
        "speaker and add the results to the record of the output file, which must exist",
    )  # fmt: skip
    parser.add_argument(
        "--only-settings", action="store_true",
        help="instead, set the other settings of the output file anew, fit its confidence and evaluate it",
    )  # fmt: skip
    parser.add_argument("--keep", type=Path, help="folder for the networks of --leave-one-out")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / f"{NAME}.safetensors")
    for name in ("rounds", "epochs", "more_epochs"):
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=getattr(SpokenRecipe, name), help="default: %(default)s")
    options = parser.parse_args()
    recipe = SpokenRecipe(rounds=options.rounds, epochs=options.epochs, more_epochs=options.more_epochs)
    if options.only_settings:
        net: Network = load(options.output)
        settings: Any = net.record["hearing"]
        settings.update(_settings(recipe))
        complete(net, options.output)
    elif options.leave_one_out is None:
        train(recipe, options.output, options.seed, options.threads)
    else:
        speakers = options.leave_one_out or SPEAKERS
        leave_one_out(recipe, options.output, speakers, options.seed, options.threads, options.keep)


def train(recipe: SpokenRecipe, output: Path, seed: int, threads: int | None) -> None:
    """Train the network, print its results on held-out recordings and voices, and write it."""
    fsdd, spoken, voices = data.load("fsdd"), data.load("spoken"), load_voices()
    words = recipe.synthesis.all_of(fsdd.train) + _extra(recipe, spoken.train, voices.train)
    complete(recipe.train(words, seed, threads, say=_report), output)


def complete(net: Network, output: Path) -> None:
    """Fit the confidence of a trained network, print its results on held-out recordings and voices, and write it."""
    fsdd, spoken = data.load("fsdd"), data.load("spoken")
    calibrate(net, load_voices().dev)
    recognizer = Recognizer(net)
    score = evaluate(recognizer, fsdd.test)
    print(f"official split: {score}")
    fooled = {
        kind: [false_alarms(recognizer, clips), len(clips)] for kind, clips in no_digits(spoken.test, fsdd.test).items()
    }
    for kind, (sure, of) in fooled.items():
        print(f"sure of a digit in {kind}: {sure} of {of}")
    figures: Any = net.record.get("figures", {})
    net.record |= {"recipe": NAME, "figures": figures | {"official": rounded(score), "no_digits": fooled}}
    save(net, output)
    print(f"wrote {output}")


def leave_one_out(
    recipe: SpokenRecipe, output: Path, speakers: Sequence[str], seed: int, threads: int | None, keep: Path | None
) -> None:
    """Print how well each speaker is recognised by a network trained without them, and record it in the output."""
    fsdd, spoken, voices = data.load("fsdd"), data.load("spoken"), load_voices()
    whole, found = fsdd.train.joined_with(fsdd.test), {}
    own, extra = recipe.synthesis.all_of(whole), _extra(recipe, spoken.train, voices.train)
    for speaker in speakers:
        net = recipe.train(own[own.speakers != speaker] + extra, seed, threads)
        calibrate(net, voices.dev)
        if keep is not None:
            save(net, keep / f"without-{speaker}.safetensors")
        found[speaker] = evaluate(Recognizer(net), whole.of(speaker))
        print(f"without {speaker}: {found[speaker]}", flush=True)
        record_result(output, speaker, found[speaker])
    print(f"mean: {mean(found.values())}; worst single {min(s.single for s in found.values()):.2%}")


def _extra(recipe: SpokenRecipe, spoken: Recordings, voices: Recordings) -> Words:
    """Return the words beside those of fsdd: synthetic voices, used less often, and strangers, used more often."""
    synthetic = weighed(recipe.synthesis.all_of(spoken), digits=0.7, others=0.5)
    return synthetic + weighed(recipe.synthesis.all_of(voices), digits=2.0, others=1.0)


def record_result(output: Path, speaker: str, score: Score) -> None:
    """Add the result for one left-out speaker to the record of the network at ``output``."""
    shipped = load(output)
    figures: Any = shipped.record.setdefault("figures", {})
    figures.setdefault("leave_one_out", {})[speaker] = rounded(score)
    save(shipped, output)


def _run(trainer: Trainer, epochs: int, say: Any) -> None:
    for event in trainer.run(epochs):
        if say is not None:
            say(event)


def _report(event: Any) -> None:
    print(f"epoch {event.epoch}: loss {event.loss:.3f}, {event.train_accuracy:.1%} spelt correctly", flush=True)


if __name__ == "__main__":
    main()
