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

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The shape of the command line."""
        parameters = self.get_params(ctx)  # type: ignore[attr-defined]
        pieces = ["[OPTIONS]", *(_argument(parameter) for parameter in parameters if _is_argument(parameter))]
        pieces += ["[COMMAND]"] if ctx.parent is None else []
        formatter.write_usage(ctx.command_path.replace("pellucid", program(), 1), " ".join(pieces))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Options, by the group that each names."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):  # type: ignore[attr-defined]
            if _is_argument(parameter):
                groups.setdefault("Arguments", []).append((_argument(parameter), parameter.help))
            elif (record := parameter.get_help_record(ctx)) is not None:
                groups.setdefault(getattr(parameter, "rich_help_panel", None) or "Options", []).append(record)
        groups["Options"] = groups.pop("Options", [])
        if ctx.parent is None:
            groups["Commands"] = [
                (name, self.commands[name].get_short_help_str(100))  # type: ignore[attr-defined]
                for name in self.list_commands(ctx)  # type: ignore[attr-defined]
            ]
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records, col_max=max(12, formatter.width // 3))

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
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


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _argument(parameter: Any) -> str:
    """An argument as usage lines write it."""
    shown = f"{parameter.metavar}..." if parameter.nargs == -1 else str(parameter.metavar)
    return shown if parameter.required else f"[{shown}]"


class CommandPage(_Page, TyperCommand):
    """A command with such a page."""


class GroupPage(_Page, TyperGroup):
    """The program itself, with such a page."""
