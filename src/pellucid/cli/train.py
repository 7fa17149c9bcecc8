"""`pellucid train`: any network on any data, watched or as JSON; broken off and resumed in good order."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pellucid.cli.page import CommandPage, Option
from pellucid.cli.recipe import BATCH_SIZE, DATA, DECAY, EPOCHS, SPOKEN, Recipe
from pellucid.errors import ConfigurationError, DivergedError

if TYPE_CHECKING:
    from pellucid.cli.session import Outcome
    from pellucid.cli.terminal import Terminal
    from pellucid.data import TrainTest
    from pellucid.training.trainer import Trainer

_what = partial(click.option, cls=Option, group="What to train")
_how = partial(click.option, cls=Option, group="How to train it")
_where = partial(click.option, cls=Option, group="What comes out")


@click.command(cls=CommandPage)
@_what(
    "--data",
    metavar="NAME|PATH",
    default=DATA,
    show_default=True,
    help="digits, spoken (both embedded), mnist, fsdd (spoken too), or your own: a folder with a subfolder "
    "of pictures a class, .npz, CSV or IDX.",
)
@_what(
    "--network",
    metavar="mlp|lenet|conv|lstm|FILE",
    help="A new network: of dense layers, LeNet-5, what reads digits best, or what hears them; or one from a "
    "file or shipped, to train on. Default: mlp; lstm for spoken digits.",
)
@_what("--hidden", metavar="SIZES", help='Neurons of each hidden layer, or "none". Default: 16,16.')
@_what(
    "--activation",
    metavar="NAME",
    help="Of the hidden layers: sigmoid, relu, tanh, identity. Default: sigmoid.",
)
@_what(
    "--output-activation",
    metavar="NAME",
    help="Of the outputs, for the squared loss any. Default: softmax; sigmoid for the squared loss.",
)
@_how("--loss", metavar="NAME", help="cross_entropy or squared. Default: cross_entropy.")
@_how("--optimizer", metavar="NAME", help="sgd, momentum or adam. Default: sgd; adam for lenet and conv.")
@_how(
    "--learning-rate",
    type=float,
    metavar="RATE",
    help="Default: what suits optimiser and activation, 1 for sgd with sigmoid.",
)
@_how(
    "--schedule",
    metavar="NAME",
    help="How the rate changes: cosine (down to 0), constant, step (halved every 10 epochs), warm-up "
    "(an epoch up, then cosine). Default: cosine.",
)
@_how("--batch-size", type=int, metavar="COUNT", help=f"Images in a mini-batch. Default: {BATCH_SIZE}.")
@_how(
    "--epochs",
    type=int,
    metavar="COUNT",
    help=f"In all, those before a --resume counted. Default: {EPOCHS}.",
)
@_how("--augment", is_flag=True, default=None, help="Vary every image each time it is seen.")
@_how("--decay", type=float, metavar="SHARE", help=f"L2 decay, added to the gradient. Default: {DECAY:g}.")
@_how(
    "--patience",
    type=int,
    metavar="COUNT",
    help="Stop when the held-out loss has not fallen for so many epochs, and take the best weights.",
)
@_how("--threads", type=int, metavar="COUNT", help="Threads that share a step; the result is the same.")
@_how("--seed", type=int, metavar="NUMBER", help="Same seed, same bits. Default: 0.")
@_where(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The network, as safetensors. Default: named after the data, such as digits.safetensors. "
    "Checkpoints lie beside it, such as digits.ckpt.safetensors.",
)
@_where(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="CHECKPOINT",
    help="Go on where it stands, with the same bits as if nothing had happened. Of the options above only "
    "--data, --epochs, --patience, --threads and --learning-rate may be given with it.",
)
@_where(
    "--json",
    is_flag=True,
    help="Print one JSON object a line for each epoch: epoch, loss, train_accuracy, test_accuracy, seconds.",
)
def train(
    data: str,
    network: str | None,
    hidden: str | None,
    activation: str | None,
    output_activation: str | None,
    loss: str | None,
    optimizer: str | None,
    learning_rate: float | None,
    schedule: str | None,
    batch_size: int | None,
    epochs: int | None,
    augment: bool | None,
    decay: float | None,
    patience: int | None,
    threads: int | None,
    seed: int | None,
    output: Path | None,
    resume: Path | None,
    json: bool,
) -> int:
    """Train a network.

    Ctrl-C saves the network and a checkpoint, and says how to go on.
    """
    recipe = Recipe(
        network, hidden, activation, output_activation, loss, optimizer, learning_rate, schedule, batch_size,
        augment, decay, seed,
    )  # fmt: skip
    kind = _Job if network != "lstm" and data not in SPOKEN else _spoken_job()
    return kind(data, recipe, epochs, patience, threads, output, resume).run(json)


def _spoken_job() -> type[_Job]:
    from pellucid.cli.train_spoken import SpokenJob

    return SpokenJob


class _Job:
    """One call of `pellucid train`."""

    usual_epochs = EPOCHS

    def __init__(
        self,
        data: str,
        recipe: Recipe,
        epochs: int | None,
        patience: int | None,
        threads: int | None,
        output: Path | None,
        resume: Path | None,
    ) -> None:
        from pellucid.cli.session import checkpoint_of, output_of

        self.data, self.recipe, self.threads, self.resume = data, recipe, threads, resume
        self.epochs, self.patience = epochs, patience
        default = Path(f"{Path(data).name.split('.')[0] or 'network'}.safetensors")
        own = None if resume is None else output_of(resume)
        self.output = output or own or default
        self.checkpoint = resume or checkpoint_of(self.output)
        # What a later --resume needs to be told again.
        again: list[object] = [] if data == DATA else ["--data", data]
        again += [] if patience is None else ["--patience", patience]
        again += [] if threads is None else ["--threads", threads]
        told = self.checkpoint is not None and output_of(self.checkpoint) == self.output
        self.again = (*again, *([] if told else ["--output", self.output]))

    def run(self, as_json: bool) -> int:
        """Train; the exit code."""
        from pellucid.cli.compiling import announced
        from pellucid.cli.progress import JsonView, view_for
        from pellucid.cli.session import check_writable, run
        from pellucid.cli.terminal import Terminal

        terminal = Terminal(sys.stderr if as_json else sys.stdout)
        for path in (self.output, self.checkpoint):
            if path is not None:
                check_writable(path)
        parts = self._load(terminal)
        with announced(None if as_json else terminal):
            trainer = self._trainer(parts)
            if not as_json:
                self._introduce(terminal, trainer, parts)
            view = JsonView(sys.stdout) if as_json else view_for(terminal)
            epochs = self.usual_epochs if self.epochs is None and self.resume is None else self.epochs
            try:
                outcome = run(
                    trainer, parts.test, view, epochs=epochs, patience=self.patience, checkpoint=self.checkpoint
                )
            except DivergedError as error:
                where = f" {self.checkpoint} holds those parameters." if self.checkpoint else ""
                raise DivergedError(f"{error}{where}") from error
        if outcome.broken_off:
            self._settle(trainer, parts)
            return broken_off(terminal, trainer, outcome, self.output, self.checkpoint, self.again)
        self._finish(terminal, trainer, parts, outcome, as_json)
        return 0

    def _load(self, terminal: Terminal) -> Any:
        return load_data(self.data, terminal)

    def _introduce(self, terminal: Terminal, trainer: Trainer, parts: Any) -> None:
        _introduce(terminal, trainer, parts)

    def _score(self, trainer: Trainer, parts: Any) -> str:
        """How well the network does on what was held out, in words; also noted in its record."""
        from pellucid.cli.words import percent

        return f"{percent(accuracy(trainer, parts))} of the {len(parts.test):,} held-out images are read right."

    def _settle(self, trainer: Trainer, parts: Any) -> None:
        """What the network has to be told once it has learnt, before it is saved."""

    def _begun(self, parts: Any) -> Trainer:
        return self.recipe.trainer(parts.train, self.threads)

    @property
    def _varied_by(self) -> Any:
        """The function that varies sequences, which is in no checkpoint."""
        return None

    def _trainer(self, parts: Any) -> Trainer:
        from pellucid.training.trainer import Trainer

        if self.epochs is not None and self.epochs < 0:
            raise ConfigurationError(f"--epochs expected a number of at least 0, got {self.epochs}.")
        if self.threads is not None and self.threads < 1:
            raise ConfigurationError(f"--threads expected a number of at least 1, got {self.threads}.")
        if self.resume is None:
            return self._begun(parts)
        if extra := [name for name in self.recipe.given() if name != "--learning-rate"]:
            raise ConfigurationError(f"--resume goes on as {self.resume} says: leave out {' and '.join(extra)}.")
        trainer = Trainer.resume(self.resume, parts.train, threads=self.threads, augment=self._varied_by)
        if self.recipe.learning_rate is not None:
            trainer.learning_rate = self.recipe.learning_rate
        return trainer

    def _finish(self, terminal: Terminal, trainer: Trainer, parts: Any, outcome: Outcome, as_json: bool) -> None:
        from pellucid.cli.session import save_network
        from pellucid.cli.words import command, duration, size

        self._settle(trainer, parts)
        score = self._score(trainer, parts)
        count = save_network(trainer.net, self.output)
        if outcome.unsaved:
            terminal.say(f"No checkpoints: could not write {outcome.unsaved}.", "bold red")
        if as_json:
            return
        state = trainer.state
        if outcome.last is None:
            terminal.say(f"All {state.epoch} epochs were done before: ask for more with --epochs.")
        elif outcome.out_of_patience:
            terminal.say(
                f"Stopped after {state.epoch} epochs: the held-out loss no longer fell. The best weights count."
            )
        terminal.say(
            f"Trained for {duration(state.seconds)}: {score}",
            "bold",
        )
        terminal.say(f"Saved as {self.output}, {size(count)}.")
        if self.checkpoint is None:
            return
        further = command("train", "--resume", self.checkpoint, "--epochs", 2 * max(1, state.epoch), *self.again)
        terminal.say("To train for longer:")
        terminal.type(f"  {further}")


def load_data(source: str, terminal: Terminal) -> TrainTest:
    """Load data by name or path; a download is told of, and how far it is."""
    from pellucid import data

    told: set[tuple[str, int]] = set()

    def progress(name: str, here: int, whole: int | None) -> None:
        tenth = 10 * here // whole if whole else 0
        if (name, tenth) not in told:
            told.add((name, tenth))
            share = f"{10 * tenth} %" if whole else f"{here / 1e6:.1f} MB"
            print(f"downloading {name}: {share}", file=sys.stderr, flush=True)

    return data.load(source, progress=progress)


def accuracy(trainer: Trainer, parts: TrainTest) -> float:
    """The share of the held-out images read right, also noted in the network's record."""
    import numpy as np

    from pellucid.cli.read import levels

    test = parts.test
    low, high = test.level_range
    unit = ((test.images.astype(np.float32) - low) / (high - low)).reshape(len(test), -1)
    score = float(np.mean(np.argmax(trainer.net(levels(trainer.net, unit)), axis=1) == test.labels))
    trainer.net.record |= {"test_accuracy": score, "test_images": len(parts.test)}
    return score


def broken_off(
    terminal: Terminal,
    trainer: Trainer,
    outcome: Outcome,
    output: Path,
    checkpoint: Path | None,
    again: Sequence[object],
) -> int:
    """Save what there is after a signal, say how to go on; the exit code that names the signal."""
    from pellucid.cli.session import OutputError, save_network
    from pellucid.cli.words import command

    state = trainer.state
    try:
        save_network(trainer.net, output)
        terminal.say(f"Stopped in epoch {min(state.epoch + 1, state.planned)} of {state.planned}; saved as {output}.")
        if checkpoint is not None and outcome.unsaved is None:
            terminal.say("To go on where it stands:")
            terminal.type(f"  {command('train', '--resume', checkpoint, *again)}")
    except OutputError as error:
        terminal.say(f"Stopped, and nothing saved. {error}")
    return 128 + (outcome.signal or 0)


def _introduce(terminal: Terminal, trainer: Trainer, parts: TrainTest) -> None:
    """What is trained, on what, how."""
    net = trainer.net
    terminal.say(f"{net!r}"[1:-1].replace(":", ",") + f", {trainer.loss}")
    terminal.say(f"{len(parts.train):,} images to learn from, {len(parts.test):,} held out")
    terminal.say()
