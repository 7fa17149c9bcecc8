"""Help pages: what the command does, its options by group, examples to type. Plain text, quick to make."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

from pellucid.cli.words import program

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("", "train on the embedded digits, read some, save the network"),
        ("read photo.jpg", "read the digits in a picture"),
        ("look", "see what is inside a network"),
        ("train --data mnist --activation relu", "train another one"),
    ),
    "train": (
        ("", "the main job's network, as lines"),
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
    "look": (
        ("", "the network that `read` uses"),
        ("digits.safetensors", "one of your own"),
        ("digits-sigmoid --save weights.png", "all weights of the first layer as one picture"),
    ),
    "bench": (
        ("--quick", "a first impression, in a minute or so"),
        ("", "the whole table, with all of MNIST"),
        ("--json > bench.json", "for programs"),
        ("--chart bench.png", "the ratios as a picture"),
    ),
}


class _Page:
    """Sections in the order in which a reader wants them."""

    name: str | None

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Options, by the group that each names."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):  # type: ignore[attr-defined]
            record = parameter.get_help_record(ctx)
            if record is not None:
                title = getattr(parameter, "rich_help_panel", None) or "Options"
                groups.setdefault(title, []).append(record)
        groups["Options"] = groups.pop("Options", [])
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
        if hasattr(self, "format_commands"):
            self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Examples, as they are typed."""
        name = "" if ctx.parent is None else str(self.name)
        rows = [(" ".join(f"{program()} {name} {rest}".split()), what) for rest, what in EXAMPLES.get(name, ())]
        with formatter.section("Examples"):
            width = max((len(line) for line, _ in rows), default=0)
            for line, what in rows:
                fits = formatter.current_indent + width + 2 + len(what) <= formatter.width
                parts = [f"{line:<{width}}  {what}"] if fits else [line, f"    {what}"]
                for part in parts:
                    formatter.write(f"{'':{formatter.current_indent}}{part}\n")


class CommandPage(_Page, TyperCommand):
    """A command with such a page."""


class GroupPage(_Page, TyperGroup):
    """The program itself, with such a page."""
