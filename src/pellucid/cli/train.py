"""`pellucid train`: any network on any data, watched or as JSON; broken off and resumed in good order."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from pellucid.cli.page import CommandPage, Option
from pellucid.cli.recipe import BATCH_SIZE, DATA, DECAY, EPOCHS, SPOKEN, Recipe
from pellucid.cli.training_job import TrainingJob

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
    kind = _spoken_job() if network == "lstm" or data in SPOKEN else TrainingJob
    return kind(data, recipe, epochs, patience, threads, output, resume).run(json)


def _spoken_job() -> type[TrainingJob]:
    from pellucid.cli.spoken_job import SpokenJob

    return SpokenJob
