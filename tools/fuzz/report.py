"""The table of what the campaigns did: for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from tools.fuzz.failures import KINDS
from tools.fuzz.state import Progress, State

HEADINGS = (
    "campaign",
    "inputs",
    "accepted",
    "refused",
    *KINDS.values(),
    "longest (s)",
    "most memory (MB)",
    "inputs per second",
)


def rows(state: State) -> list[list[str]]:
    """Return one row for each campaign that ran, and one for all of them."""
    ran = {name: each for name, each in state.campaigns.items() if each.inputs}
    return [_row(name, each) for name, each in ran.items()] + [_row("all", _sum(ran.values()))]


def table(state: State) -> Table:
    """Return the table for a terminal."""
    made = Table(*HEADINGS[:1])
    for heading in HEADINGS[1:]:
        made.add_column(heading, justify="right")
    for row in rows(state):
        made.add_row(*row)
    return made


def markdown(state: State) -> str:
    """Return the same table as Markdown."""
    lines = [HEADINGS, ["---", *["---:"] * (len(HEADINGS) - 1)], *rows(state)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def show(state: State, console: Console) -> None:
    """Print the table and every failure."""
    console.print(table(state))
    for failure in state.failures:
        console.print(
            f"{failure.campaign}:{failure.number} {failure.kind}: {failure.message}", markup=False, highlight=False
        )


def _row(name: str, each: Progress) -> list[str]:
    faults = [f"{each.failures[kind]:,}" for kind in KINDS]
    pace = each.inputs / each.seconds if each.seconds else 0.0
    return [
        name, f"{each.inputs:,}", f"{each.accepted:,}", f"{each.refused:,}", *faults, f"{each.most_seconds:.2f}",
        f"{each.most_bytes / 1e6:,.0f}", f"{pace:,.0f}",
    ]  # fmt: skip


def _sum(ran: Iterable[Progress]) -> Progress:
    whole = Progress()
    for each in ran:
        whole.accepted += each.accepted
        whole.refused += each.refused
        whole.seconds += each.seconds
        whole.most_seconds = max(whole.most_seconds, each.most_seconds)
        whole.most_bytes = max(whole.most_bytes, each.most_bytes)
        for kind in KINDS:
            whole.failures[kind] += each.failures[kind]
    return whole
