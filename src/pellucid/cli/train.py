"""`pellucid train`: train any network on any data, with a live view or JSON, interruptible and resumable."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from pellucid.cli.page import CommandPage, Option
from pellucid.cli.recipe import BATCH_SIZE, CELLS, DATA, DECAY, EPOCHS, SPOKEN, Recipe
from pellucid.cli.table_options import TableOptions, table_options
from pellucid.cli.training_job import TrainingJob

_what = partial(click.option, cls=Option, group="What to train")
_how = partial(click.option, cls=Option, group="How to train it")
_where = partial(click.option, cls=Option, group="Output")


@click.command(cls=CommandPage)
@_what(
    "--data",
    metavar="NAME|PATH",
    default=DATA,
    show_default=True,
    help="digits or spoken (both embedded), mnist or fsdd (both downloaded), or your own data: a folder with one "
    "subfolder of pictures per class, .npz, CSV or IDX.",
)
@table_options
@_what(
    "--network",
    metavar="mlp|lenet|conv|lstm|FILE",
    help="A new network: dense layers (mlp), LeNet-5 (lenet), the network that reads digits best (conv) or the one "
    "for spoken digits (lstm; or, to compare, gru or rnn). Or an existing network to train further, from a file or "
    "shipped. Default: mlp; lstm for spoken digits.",
)
@_what("--hidden", metavar="SIZES", help='Neurons of each hidden layer, or "none". Default: 16,16.')
@_what(
    "--activation",
    metavar="NAME",
    help="Activation of the hidden layers: sigmoid, relu, tanh or identity. Default: sigmoid.",
)
@_what(
    "--output-activation",
    metavar="NAME",
    help="Activation of the outputs; the squared loss takes any. Default: softmax; sigmoid for the squared loss.",
)
@_how("--loss", metavar="NAME", help="cross_entropy or squared. Default: cross_entropy.")
@_how("--optimizer", metavar="NAME", help="sgd, momentum or adam. Default: sgd; adam for lenet and conv.")
@_how(
    "--learning-rate",
    type=float,
    metavar="RATE",
    help="Default: depends on the optimiser and activation; 1 for sgd with sigmoid.",
)
@_how(
    "--schedule",
    metavar="NAME",
    help="Learning rate schedule: cosine (down to 0), constant, step (halved every 10 epochs) or warm-up "
    "(up for one epoch, then cosine). Default: cosine.",
)
@_how("--batch-size", type=int, metavar="COUNT", help=f"Images in a mini-batch. Default: {BATCH_SIZE}.")
@_how(
    "--epochs",
    type=int,
    metavar="COUNT",
    help=f"Epochs in total, including those before --resume. Default: {EPOCHS}.",
)
@_how("--augment", is_flag=True, default=None, help="Shift, rotate and distort images slightly at each use.")
@_how("--decay", type=float, metavar="SHARE", help=f"L2 weight decay, added to the gradient. Default: {DECAY:g}.")
@_how(
    "--patience",
    type=int,
    metavar="COUNT",
    help="Stop when the held-out loss has not fallen for this many epochs, and keep the best weights.",
)
@_how(
    "--threads",
    type=int,
    metavar="COUNT",
    help="Threads per training step. The result is the same.",
)
@_how("--seed", type=int, metavar="NUMBER", help="The same seed gives the same result, bit for bit. Default: 0.")
@_where(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The network file, as safetensors. Default: named after the data, such as digits.safetensors. "
    "Checkpoints are saved beside it, such as digits.ckpt.safetensors.",
)
@_where(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="CHECKPOINT",
    help="Resume training from a checkpoint, bit for bit. It can be combined only with --data and its options, "
    "--epochs, --patience, --threads, --learning-rate, --output and --json.",
)
@_where(
    "--json",
    is_flag=True,
    help="Print one JSON object per line for each epoch: epoch, loss, train_accuracy, test_accuracy, seconds.",
)
def train(
    data: str,
    label: str | None,
    header: bool | None,
    ignore: tuple[str, ...],
    standardize: bool,
    task: str,
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

    Ctrl-C saves the network and a checkpoint, and prints the command that resumes the training.
    """
    recipe = Recipe(
        network, hidden, activation, output_activation, loss, optimizer, learning_rate, schedule, batch_size,
        augment, decay, seed,
    )  # fmt: skip
    kind = _spoken_job() if network in CELLS or data in SPOKEN else TrainingJob
    table = TableOptions(label, header, ignore, standardize, task)
    return kind(data, recipe, epochs, patience, threads, output, resume, table).run(json)


def _spoken_job() -> type[TrainingJob]:
    from pellucid.cli.spoken_job import SpokenJob

    return SpokenJob
