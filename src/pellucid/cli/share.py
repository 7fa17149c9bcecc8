"""`pellucid share`: a network as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from pellucid.cli.page import Argument, CommandPage
from pellucid.cli.words import size
from pellucid.studio.sharing.limits import EXAMPLES, MAX_EXAMPLES


@click.command(cls=CommandPage)
@click.argument("network", cls=Argument, metavar="NAME|FILE", help="Network to share.")
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="File to write, replaced if there.",
)
@click.option("--name", metavar="TEXT", help="What the page calls the network. Default: the name of its file.")
@click.option(
    "--examples",
    type=click.IntRange(0, MAX_EXAMPLES),
    default=EXAMPLES,
    show_default=True,
    metavar="N",
    help="Images in the file to learn from, and half as many held out. 0: none, and with them no training and no "
    "lessons.",
)
@click.option(
    "--data",
    metavar="NAME|PATH",
    help="Where these images are taken from; they become part of the file. Default: the embedded digits, for networks "
    "that read digits.",
)
def share(network: str, output: Path, name: str | None, examples: int, data: str | None) -> int:
    """Write a network as one HTML file that opens in any browser, without a connection.

    A pad to draw on, the whole network, the terms of every neuron, knobs to turn, training and lessons: for networks
    of images.
    """
    from pellucid.cli.loading import load_data
    from pellucid.cli.session import check_writable, unwritable
    from pellucid.cli.terminal import Terminal
    from pellucid.network.files import load
    from pellucid.studio.sharing.offline_page import share as write
    from pellucid.system.atomic_write import is_written_directly

    net, terminal = load(network), Terminal()
    check_writable(output)
    images = None if data is None else load_data(data, terminal)
    try:
        write(net, output, name=Path(network).stem if name is None else name, data=images, examples=examples)
    except OSError as error:
        raise unwritable(output, error) from error
    if not is_written_directly(output):
        terminal.say(f"Wrote {output}, {size(output.stat().st_size)}. Open it in a browser.")
    return 0
