"""`pellucid look`: a network's layers, parameters, training record, and first-layer weights as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pellucid.cli.page import Argument, CommandPage
from pellucid.cli.words import clean, size

if TYPE_CHECKING:
    from pellucid.cli.terminal import Terminal
    from pellucid.network.network import Network

_MOST_NEURONS = 64


@click.command(cls=CommandPage)
@click.argument(
    "model", cls=Argument, metavar="NAME|FILE", required=False, help="Network to show. Default: digits-relu."
)
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    help="Save the weight pictures as a PNG, one square per weight.",
)
def look(model: str | None, save: Path | None) -> int:
    """See what is inside a network.

    Shows its layers and their parameter counts, how it was trained, and what each neuron or filter of the first layer
    looks for.
    """
    from pellucid.cli.terminal import Terminal
    from pellucid.models import DEFAULT
    from pellucid.network.files import load

    terminal = Terminal()
    name = model or DEFAULT
    net = load(name)
    _layers(terminal, name, net)
    _training(terminal, net)
    _weights(terminal, net)
    if save is not None:
        _save(terminal, name, net, save)
    return 0


def _layers(terminal: Terminal, name: str, net: Network) -> None:
    """Print one line per layer: its equation, its parameters by name and shape, and their count."""
    from rich.text import Text

    inputs = "x".join("T" if side is None else str(side) for side in net.input_shape)
    terminal.say(f"{clean(name)}: {inputs} inputs, {net.parameter_count:,} parameters", "bold")
    shape, rows = net.input_shape, []
    for number, layer in enumerate(net.layers, 1):
        count = layer.parameter_count(shape)
        shape = layer.output_shape(shape)
        shapes = [f"{each} {'x'.join(map(str, view.shape))}" for each, view in layer.named().items()]
        rows.append((f"{number} {layer.kind}", layer.describe(), ", ".join(shapes), f"{count:,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    if sum(widths) + 6 <= terminal.width:
        terminal.show(
            Text(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:<{widths[2]}}  {d:>{widths[3]}}") for a, b, c, d in rows
        )
    else:
        for a, b, c, d in rows:
            terminal.say(f"{a}: {b}")
            if c:
                terminal.say(f"  {c}: {d}")


def _training(terminal: Terminal, net: Network) -> None:
    """Print the network's training record."""
    from pellucid.reports.training_record import record_lines

    terminal.say()
    lines = record_lines(net.record)
    if not lines:
        terminal.say("The network has no training record.")
        return
    terminal.say("Training", "underline")
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        terminal.say(f"{clean(name):<{width}}  {clean(value)}")


def _weights(terminal: Terminal, net: Network) -> None:
    """Draw the weights of each neuron of the first layer, if its inputs form a picture."""
    from rich.text import Text

    from pellucid.cli.pictures import signed_legend, signed_picture
    from pellucid.cli.readings import side_by_side
    from pellucid.cli.sheet import first_weights, seers, shrunk
    from pellucid.inspect.names import feature_names

    pictures = first_weights(net)
    terminal.say()
    if pictures is None and feature_names(net) is not None:
        _feature_weights(terminal, net)
        return
    if pictures is None:
        terminal.say("The inputs of the first layer do not form a picture, so its weights are not drawn.")
        return
    scale = float(abs(pictures).max()) or 1.0
    side = pictures.shape[2]
    full = 4 * side + 3 * 2 <= terminal.width
    shown = pictures if full else shrunk(pictures)
    cell = shown.shape[2]
    terminal.say(f"Weights of the first layer, {len(pictures)} {seers(net)}s", "underline")
    terminal.say(_reading_help(terminal, full, seers(net)))
    terminal.show([signed_legend(terminal.look, scale), Text()])
    room = max(cell, 11)
    cells = [
        [Text(f"{seers(net)} {number}", "dim"), *signed_picture(picture / scale, terminal.look)]
        for number, picture in enumerate(shown)
    ]
    terminal.show(side_by_side(cells, terminal.width, cell=room, gap=2))


def _feature_weights(terminal: Terminal, net: Network) -> None:
    """Print each neuron's weights by the names of the features, the largest first, as many as fit in a line."""
    from pellucid.inspect.names import feature_names

    names, weight = feature_names(net) or (), net.layers[0].named()["weight"]
    terminal.say(f"Weights of the first layer, {len(weight)} neurons, the largest first", "underline")
    for number, row in enumerate(weight[:_MOST_NEURONS].tolist()):
        line = f"neuron {number}:"
        for at in sorted(range(len(row)), key=lambda at: -abs(row[at])):
            part = f" {row[at]:+.2f} {clean(names[at])}"
            if len(line) + len(part) > terminal.width:
                break
            line += part if line.endswith(":") else f",{part}"
        terminal.say(line)
    if len(weight) > _MOST_NEURONS:
        terminal.say(f"and {len(weight) - _MOST_NEURONS} more neurons")


def _reading_help(terminal: Terminal, full: bool, who: str) -> str:
    """Explain how to read the pictures."""
    colours = f"Ink on light amber raises a {who}'s sum; ink on dark blue lowers it."
    signs = f"Ink on + or # raises a {who}'s sum; ink on - or = lowers it."
    text = colours if terminal.look == "colour" else signs
    return text if full else f"{text} Each square is the mean of 2x2 weights."


def _save(terminal: Terminal, name: str, net: Network, path: Path) -> None:
    from pellucid.cli.session import check_writable, unwritable
    from pellucid.cli.sheet import contact_sheet
    from pellucid.system.atomic_write import write_whole

    check_writable(path)
    content = contact_sheet(name, net)
    try:
        write_whole(path, content)
    except OSError as error:
        raise unwritable(path, error) from error
    terminal.say()
    terminal.say(f"Saved as {path}, {size(len(content))}.")
