"""The work of `pellucid train`: load, train, save, and report an interruption."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli.loading import load_data
from pellucid.cli.recipe import DATA, EPOCHS, Recipe
from pellucid.cli.table_options import TableOptions
from pellucid.errors import ConfigurationError, DivergedError

if TYPE_CHECKING:
    from pellucid.cli.session import Outcome
    from pellucid.cli.terminal import Terminal
    from pellucid.data import TrainTest
    from pellucid.data.preparation import Preparation
    from pellucid.training.trainer import Trainer


class TrainingJob:
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
        table: TableOptions | None = None,
    ) -> None:
        from pellucid.cli.session import checkpoint_of, output_of

        self.data, self.recipe, self.threads, self.resume = data, recipe, threads, resume
        self.epochs, self.patience, self.table = epochs, patience, table or TableOptions()
        self.preparation: Preparation | None = None
        default = Path(f"{Path(data).name.split('.')[0] or 'network'}.safetensors")
        own = None if resume is None else output_of(resume)
        self.output = output or own or default
        self.checkpoint = resume or checkpoint_of(self.output)
        # Options that a later --resume needs again.
        again: list[object] = [] if data == DATA else ["--data", data]
        again += self.table.typed()
        again += [] if patience is None else ["--patience", patience]
        again += [] if threads is None else ["--threads", threads]
        implied = self.checkpoint is not None and output_of(self.checkpoint) == self.output
        self.again = (*again, *([] if implied else ["--output", self.output]))

    def run(self, as_json: bool) -> int:
        """Train and return the exit code."""
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
                where = f" They are saved in {self.checkpoint}." if self.checkpoint else ""
                raise DivergedError(f"{error}{where}") from error
        if outcome.broken_off:
            self._settle(trainer, parts)
            return broken_off(terminal, trainer, outcome, self.output, self.checkpoint, self.again)
        self._finish(terminal, trainer, parts, outcome, as_json)
        return 0

    def _load(self, terminal: Terminal) -> Any:
        from pellucid.data import names
        from pellucid.data.preparation import is_picture_folder, load_pictures, prepared

        folder = Path(self.data).expanduser()
        of_pictures = self.data not in names() and is_picture_folder(folder) and not self.table.given()
        if not of_pictures or not self.recipe.takes_prepared:
            return load_data(self.data, terminal, **self.table.given())
        parts, _, self.preparation = prepared(load_pictures(folder), self.recipe.preparation)
        return parts

    def _introduce(self, terminal: Terminal, trainer: Trainer, parts: Any) -> None:
        _introduce(terminal, trainer, parts)

    def _score(self, trainer: Trainer, parts: Any) -> str:
        """Describe the network's held-out accuracy in words, and add it to its record."""
        from pellucid.cli.words import percent

        if not parts.test.has_classes:
            found = r_squared(trainer, parts)
            return f"R² {found:.3f} on the {len(parts.test):,} held-out rows (1 is perfect; 0 is their mean)."
        what = "rows" if _is_table(parts) else "images"
        return f"{percent(accuracy(trainer, parts))} of the {len(parts.test):,} held-out {what} are read right."

    def _settle(self, trainer: Trainer, parts: Any) -> None:
        """Complete the network after training, before it is saved: it keeps the columns of a table."""
        from pellucid.data.columns import record_of

        trainer.net.record |= record_of(parts.train)

    def _begun(self, parts: Any) -> Trainer:
        from pellucid.data.preparation import RECORD

        trainer = self.recipe.trainer(parts.train, self.threads)
        if self.preparation is not None:
            trainer.net.record[RECORD] = self.preparation.configuration()
        return trainer

    @property
    def _varied_by(self) -> Any:
        """The augmentation of sequences, which checkpoints do not store."""
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
            raise ConfigurationError(f"--resume takes its options from {self.resume}: leave out {' and '.join(extra)}.")
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
        if outcome.warning:
            terminal.say(outcome.warning, "bold red")
        if outcome.unsaved:
            terminal.say(f"Checkpoints were not saved: could not write {outcome.unsaved}.", "bold red")
        if as_json:
            return
        state = trainer.state
        if outcome.last is None:
            terminal.say(f"All {state.epoch} epochs are already complete: ask for more with --epochs.")
        elif outcome.out_of_patience:
            terminal.say(
                f"Stopped after {state.epoch} epochs: the held-out loss no longer fell. The best weights are kept."
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


def accuracy(trainer: Trainer, parts: TrainTest) -> float:
    """Return the held-out accuracy, and add it to the network's record."""
    score = float((_outputs(trainer, parts).argmax(axis=1) == parts.test.labels).mean())
    trainer.net.record |= {"test_accuracy": score, "test_images": len(parts.test)}
    return score


def r_squared(trainer: Trainer, parts: TrainTest) -> float:
    """Return the held-out coefficient of determination R2, and add it to the network's record."""
    from pellucid.inspect.value_fit import fit_of

    score = fit_of(_outputs(trainer, parts), parts.test.targets).r_squared
    trainer.net.record |= {"test_r_squared": score, "test_images": len(parts.test)}
    return score


def _outputs(trainer: Trainer, parts: TrainTest) -> Any:
    """Return the network's outputs for the held-out data, (N, K)."""
    from pellucid.programs.images import from_unit, to_unit

    net, test = trainer.net, parts.test
    unit = to_unit(test.images.reshape(len(test), -1), test.unit_range)
    return net(from_unit(unit, net.level_range))


def broken_off(
    terminal: Terminal,
    trainer: Trainer,
    outcome: Outcome,
    output: Path,
    checkpoint: Path | None,
    again: Sequence[object],
) -> int:
    """Save the network after a signal and print how to resume; return the exit code for the signal."""
    from pellucid.cli.session import OutputError, save_network
    from pellucid.cli.words import command

    state = trainer.state
    try:
        save_network(trainer.net, output)
        terminal.say(f"Stopped in epoch {min(state.epoch + 1, state.planned)} of {state.planned}; saved as {output}.")
        if checkpoint is not None and outcome.unsaved is None:
            terminal.say("To resume:")
            terminal.type(f"  {command('train', '--resume', checkpoint, *again)}")
    except OutputError as error:
        terminal.say(f"Stopped. The network was not saved. {error}")
    return 128 + (outcome.signal or 0)


def _introduce(terminal: Terminal, trainer: Trainer, parts: Any) -> None:
    """Print the network, the loss and the data."""
    net = trainer.net
    terminal.say(f"{net!r}"[1:-1].replace(":", ",") + f", {trainer.loss}")
    if _is_table(parts):
        from pellucid.cli.words import clean

        terminal.say(clean(parts.train.choices))
    what = "rows" if _is_table(parts) else "images"
    terminal.say(f"{len(parts.train):,} training {what}, {len(parts.test):,} held out")
    terminal.say()


def _is_table(parts: Any) -> bool:
    """Return whether the data are rows of a CSV table."""
    from pellucid.data import Table

    return isinstance(parts.train, Table)
