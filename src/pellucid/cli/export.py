"""`pellucid export`: a network for another program."""

from __future__ import annotations

from pathlib import Path

import click

from pellucid.cli.page import Argument, CommandPage
from pellucid.cli.words import size


@click.command(cls=CommandPage)
@click.argument("network", cls=Argument, metavar="NAME|FILE", help="Network to export.")
@click.option(
    "--to",
    type=click.Choice(["onnx", "c", "numpy"]),
    help="What to write. Default: what the ending of --output says, .onnx, .c or .py.",
)
@click.option(
    "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="File to write, replaced if there."
)
@click.option("--int8", is_flag=True, help="With --to c: weights as whole numbers of 8 bits.")
@click.option("--bytes", "takes_bytes", is_flag=True, help="With --to onnx: inputs are bytes instead of floats.")
def export(network: str, to: str | None, output: Path, int8: bool, takes_bytes: bool) -> int:
    """Write a network for another program.

    As an ONNX graph, as one file of C99 without dependencies, or as one page of NumPy beside its parameters.
    """
    from pellucid.cli.session import check_writable, unwritable
    from pellucid.cli.terminal import Terminal
    from pellucid.exports.export import export as write
    from pellucid.network.files import load
    from pellucid.system.atomic_write import is_written_directly

    net = load(network)
    check_writable(output)
    try:
        written = write(net, output, to, int8=int8, dtype="uint8" if takes_bytes else "float32")  # type: ignore[arg-type]
    except OSError as error:
        raise unwritable(output, error) from error
    terminal = Terminal()
    for path in written if not is_written_directly(output) else ():
        terminal.say(f"Wrote {path}, {size(path.stat().st_size)}.")
    return 0
