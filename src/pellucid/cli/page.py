"""Help pages: what the command does, its options by group, examples to type. Plain text, quick to make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from pellucid.cli.words import program

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("", "train on the embedded digits, read some, save the network"),
        ("read photo.jpg", "read the digits in a picture"),
        ("look", "see what is inside a network"),
        ("train --data mnist --activation relu", "train another one"),
    ),
    "train": (
        ("", "the network of the main job, plainly trained"),
        ("--data mnist --epochs 20", "all 70,000 digits of MNIST (downloaded once)"),
        ("--data letters/ --hidden 64,32", "pictures of your own, a subfolder for each class"),
        ("--activation relu --optimizer adam", "another activation, another way down"),
        ("--loss squared", "the cost of the classic explanation"),
        ("--network digits.safetensors --output more.safetensors", "go on from weights that are there"),
        ("--resume digits.ckpt.safetensors", "go on where a training was broken off"),
        ("--json", "for programs: one object an epoch"),
    ),
    "read": (
        ("photo.jpg", "one picture, one digit or several"),
        ("*.png --json", "many, for programs: one object a line"),
        ("photo.jpg --steps", "every picture on the way to the network's input"),
        ("photo.jpg --model digits.safetensors", "with a network of your own"),
    ),
    "hear": (
        ("three.wav", "what is said, as words, syllables and sounds"),
        ("*.wav --json", "many, for programs: one object a line"),
        ("code.wav --digits 4", "when it is known how many there are"),
        ("--microphone", "listen, and show at once what is heard"),
    ),
    "look": (
        ("", "the network that `read` uses"),
        ("digits.safetensors", "one of your own"),
        ("digits-sigmoid --save weights.png", "all weights of the first layer as one picture"),
    ),
    "studio": (
        ("", "draw, speak and look inside, in the browser"),
        ("--model digits.safetensors", "with a network of your own"),
        ("--data letters/", "and pictures of your own to learn from"),
        ("--no-browser --port 8127", "only print the link"),
    ),
    "bench": (
        ("--quick", "a first impression, in a minute or so"),
        ("", "the whole table, with all of MNIST"),
        ("--json > bench.json", "for programs"),
        ("--chart bench.png", "the ratios as a picture"),
    ),
}


class Argument(click.Argument):
    """An argument that a page explains."""

    help: str

    def __init__(self, names: Sequence[str], help: str, **attributes: Any) -> None:
        super().__init__(names, **attributes)
        self.help = help

    @property
    def usage(self) -> str:
        """The argument as usage lines write it."""
        shown = f"{self.metavar}..." if self.nargs == -1 else str(self.metavar)
        return shown if self.required else f"[{shown}]"


class Option(click.Option):
    """An option that stands in a group of a page."""

    def __init__(self, names: Sequence[str], group: str, **attributes: Any) -> None:
        super().__init__(names, **attributes)
        self.group = group


class CommandPage(click.Command):
    """A command whose page has its sections in the order in which a reader wants them."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The whole page."""
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)
        self.format_epilog(ctx, formatter)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The shape of the command line."""
        arguments = [parameter.usage for parameter in self.get_params(ctx) if isinstance(parameter, Argument)]
        pieces = ["[OPTIONS]", *arguments, *(["[COMMAND]"] if ctx.parent is None else [])]
        formatter.write_usage(ctx.command_path.replace("pellucid", program(), 1), " ".join(pieces))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options, by the group that each names."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, Argument):
                groups.setdefault("Arguments", []).append((parameter.usage, parameter.help))
            elif (record := parameter.get_help_record(ctx)) is not None:
                group = parameter.group if isinstance(parameter, Option) else "Options"
                groups.setdefault(group, []).append(record)
        groups["Options"] = groups.pop("Options", [])
        if isinstance(self, click.Group):
            groups["Commands"] = [(name, each.get_short_help_str(100)) for name, each in self.commands.items()]
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records, col_max=max(12, formatter.width // 3))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, as they are typed."""
        name = "" if ctx.parent is None else str(self.name)
        rows = [(" ".join(f"{program()} {name} {rest}".split()), what) for rest, what in EXAMPLES[name]]
        with formatter.section("Examples"):
            width = max(len(line) for line, _ in rows)
            fits = formatter.current_indent + width + 2 + max(len(what) for _, what in rows) <= formatter.width
            for line, what in rows:
                parts = [f"{line:<{width}}  {what}"] if fits else [line, f"    {what}"]
                for part in parts:
                    formatter.write(f"{'':{formatter.current_indent}}{part}\n")


class GroupPage(CommandPage, click.Group):
    """The program itself, with such a page."""
