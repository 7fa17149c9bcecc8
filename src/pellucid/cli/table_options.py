"""The options of `pellucid train` and `pellucid studio` for CSV tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import click

from pellucid.cli.page import Option

_table = partial(click.option, cls=Option, group="CSV tables")
_OPTIONS = (
    _table(
        "--label", metavar="COLUMN", help="The column with the labels: its name, first, last, or its number from 0."
    ),
    _table("--header/--no-header", default=None, help="Whether the first line has names. Default: found out."),
    _table("--ignore", multiple=True, metavar="COLUMN", help="A column to leave out; can be given several times."),
    _table("--standardize", is_flag=True, help="Bring each feature to mean 0 and standard deviation 1."),
    _table(
        "--task",
        type=click.Choice(["auto", "classes", "values"]),
        default="auto",
        metavar="classes|values",
        help="Whether the labels are classes, or values to predict. Default: values if they are not all whole numbers.",
    ),
)


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which receives them by name; see `TableOptions`."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


@dataclass(frozen=True)
class TableOptions:
    """How to read a table; see `pellucid.data.load`. None, nothing and False stand for the default."""

    label: str | None = None
    header: bool | None = None
    ignore: tuple[str, ...] = ()
    standardize: bool = False
    task: str = "auto"

    def given(self) -> dict[str, Any]:
        """Return the options given, for `pellucid.data.load`."""
        defaults = vars(TableOptions())
        return {name: value for name, value in vars(self).items() if value != defaults[name]}

    def typed(self) -> list[object]:
        """Return the options given as they are typed.

        Examples
        --------
        >>> TableOptions(label="kind", header=False, ignore=("id",)).typed()
        ['--label', 'kind', '--no-header', '--ignore', 'id']
        """
        words: list[object] = [] if self.label is None else ["--label", self.label]
        words += [] if self.header is None else ["--header" if self.header else "--no-header"]
        for column in self.ignore:
            words += ["--ignore", column]
        words += ["--standardize"] if self.standardize else []
        return words + ([] if self.task == "auto" else ["--task", self.task])
