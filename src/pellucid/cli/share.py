"""`pellucid share`: a network as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from pellucid.cli.page import Argument, CommandPage
from pellucid.cli.words import size


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
def share(network: str, output: Path, name: str | None) -> int:
    """Write a network as one HTML file that opens in any browser, without a connection.

    A pad to draw on, the whole network, the terms of every neuron, and knobs to turn: for networks of images.
    """
    from pellucid.cli.session import check_writable, unwritable
    from pellucid.cli.terminal import Terminal
    from pellucid.network.files import load
    from pellucid.sharing.offline_page import share as write
    from pellucid.system.atomic_write import is_written_directly

    net = load(network)
    check_writable(output)
    try:
        write(net, output, name=Path(network).stem if name is None else name)
    except OSError as error:
        raise unwritable(output, error) from error
    if not is_written_directly(output):
        Terminal().say(f"Wrote {output}, {size(output.stat().st_size)}. Open it in a browser.")
    return 0
