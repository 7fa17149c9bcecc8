"""The program: name, version and commands."""

from __future__ import annotations

import click

from pellucid.cli.bench import bench
from pellucid.cli.export import export
from pellucid.cli.hear import hear
from pellucid.cli.look import look
from pellucid.cli.page import GroupPage
from pellucid.cli.read import read
from pellucid.cli.share import share
from pellucid.cli.studio import studio
from pellucid.cli.train import train


@click.group(
    "pellucid",
    cls=GroupPage,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, help="Print the version and exit.")
@click.pass_context
def app(context: click.Context, version: bool) -> int:
    """Neural networks you can see through.

    Without a command, trains a network with 13,002 parameters to read handwritten digits in a few seconds, shows how
    well it reads digits that it has never seen, and saves it.
    """
    if version:
        from pellucid.system.version import __version__

        print(f"pellucid {__version__}")
        context.exit()
    if context.invoked_subcommand is None:
        from pellucid.cli.start import start

        return start()
    return 0


for _command in (train, read, hear, look, studio, export, share, bench):
    app.add_command(_command)
