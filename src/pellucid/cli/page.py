"""Help pages: what a command does, its options by group, and examples. Plain text, because it is fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from pellucid.cli.words import program

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("", "train on the embedded digits, read some, and save the network"),
        ("read photo.jpg", "read the digits in a picture"),
        ("look", "see what is inside a network"),
        ("train --data mnist --activation relu", "train another network"),
    ),
    "train": (
        ("", "the network of plain `pellucid`, without augmentation"),
        ("--data mnist --epochs 20", "all 70,000 digits of MNIST (downloaded once)"),
        ("--data letters/ --hidden 64,32", "your own pictures, one subfolder per class"),
        ("--data flowers.csv --label species --standardize", "a table of measurements, one row per flower"),
        ("--activation relu --optimizer adam", "another activation and optimiser"),
        ("--loss squared", "the squared-error loss of textbooks"),
        ("--network digits.safetensors --output more.safetensors", "start from existing weights"),
        ("--resume digits.ckpt.safetensors", "resume an interrupted training"),
        ("--json", "for programs: one object per epoch"),
    ),
    "read": (
        ("photo.jpg", "one picture with one digit or several"),
        ("*.png --json", "many pictures, for programs: one object per line"),
        ("photo.jpg --steps", "every processing step up to the network's input"),
        ("photo.jpg --model digits.safetensors", "with a network of your own"),
        ("flowers.csv --model flowers.safetensors", "the rows of a table, with a network trained on such rows"),
    ),
    "hear": (
        ("three.wav", "the words, syllables and sounds of a recording"),
        ("*.wav --json", "many recordings, for programs: one object per line"),
        ("code.wav --digits 4", "when the number of digits is known"),
        ("--microphone", "listen and show the digits live"),
    ),
    "look": (
        ("", "the network that `read` uses"),
        ("digits.safetensors", "your own network"),
        ("digits-sigmoid --save weights.png", "all weights of the first layer as one picture"),
    ),
    "studio": (
        ("", "draw, speak and look inside the network in the browser"),
        ("--model digits.safetensors", "with a network of your own"),
        ("--data letters/", "with your own pictures as training data"),
        ("--data flowers.csv --label species --standardize", "with a table of measurements"),
        ("--no-browser --port 8127", "print the link only"),
        ("--class --reset-after 3", "for a class: locked, and in its first state after 3 minutes without input"),
    ),
    "export": (
        ("digits-relu --output digits.onnx", "for ONNX Runtime, browsers, phones"),
        ("digits-relu --output digits.c --int8", "for microcontrollers: one file of C99, weights of 8 bits"),
        ("net.safetensors --output net.py", "one page of NumPy, and net.npz beside it"),
    ),
    "share": (
        ("digits-relu --output digits.html", "one file for anybody with a browser"),
        ("net.safetensors --output net.html --name 'Letters'", "a network of your own, with a name"),
    ),
    "bench": (
        ("--quick", "a first impression in about a minute"),
        ("", "the whole table, with all of MNIST"),
        ("--json > bench.json", "for programs"),
        ("--chart bench.png", "the ratios as a chart"),
    ),
}


class Argument(click.Argument):
    """An argument with an explanation on the help page."""

    help: str

    def __init__(self, names: Sequence[str], help: str, **attributes: Any) -> None:
        super().__init__(names, **attributes)
        self.help = help

    @property
    def usage(self) -> str:
        """Return the argument as usage lines show it."""
        shown = f"{self.metavar}..." if self.nargs == -1 else str(self.metavar)
        return shown if self.required else f"[{shown}]"


class Option(click.Option):
    """An option that belongs to a group on the help page."""

    def __init__(self, names: Sequence[str], group: str, **attributes: Any) -> None:
        super().__init__(names, **attributes)
        self.group = group


class CommandPage(click.Command):
    """A command with a help page of its own layout."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the whole page."""
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)
        self.format_epilog(ctx, formatter)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line."""
        arguments = [parameter.usage for parameter in self.get_params(ctx) if isinstance(parameter, Argument)]
        pieces = ["[OPTIONS]", *arguments, *(["[COMMAND]"] if ctx.parent is None else [])]
        formatter.write_usage(ctx.command_path.replace("pellucid", program(), 1), " ".join(pieces))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, by group."""
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
        """Write the examples as they are typed."""
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
    """The program itself, with the same help page."""
