"""``python -m tools.fuzz``: run the campaigns, print the table; the exit code is 1 if anything failed."""

from __future__ import annotations

import itertools
import signal
import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from tools.fuzz.campaign import campaign_of, name_of
from tools.fuzz.campaigns import MODULES
from tools.fuzz.report import markdown, show, table
from tools.fuzz.runner import Limits, Run, run_only
from tools.fuzz.state import State

_SAVE_SECONDS = 2.0
_ROUND = 100_000
_NAMES = {name_of(module): module for module in MODULES}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(_NAMES)), metavar="[CAMPAIGN]...")
@click.option("--seconds", type=click.FloatRange(min=0.0), help="Time for all campaigns together, in equal parts.")
@click.option("--count", type=click.IntRange(min=1), help="Inputs of all campaigns together, by their shares.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Determines all inputs.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Worker processes.")
@click.option("--state", "state_file", type=click.Path(path_type=Path), help="Keep the progress here, and resume.")
@click.option("--table", "table_file", type=click.Path(path_type=Path), help="Write the table here, as Markdown.")
@click.option("--only", metavar="CAMPAIGN:NUMBER", help="Repeat one case.")
@click.option("--list", "listing", is_flag=True, help="Print the campaigns.")
def main(
    names: tuple[str, ...],
    seconds: float | None,
    count: int | None,
    seed: int,
    workers: int,
    state_file: Path | None,
    table_file: Path | None,
    only: str | None,
    listing: bool,
) -> None:
    """Run the campaigns, all of them or those that are named: 60 seconds, unless --seconds or --count is given.

    With --state, --count includes the inputs of earlier runs.
    """
    console = Console(width=None if sys.stdout.isatty() else 160)
    if listing:
        for name, module in _NAMES.items():
            console.print(f"{name:12} {campaign_of(module).about}", highlight=False)
        return
    if only is not None:
        name, _, number = only.partition(":")
        if name not in _NAMES or not number.isdecimal():
            raise click.BadParameter(f"expected CAMPAIGN:NUMBER, such as sounds:17, got {only!r}.")
        state = run_only(_NAMES[name], seed, int(number))
    else:
        try:
            state = State(seed) if state_file is None else State.load(state_file, seed)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        seconds = 60.0 if seconds is None and count is None else seconds
        _run_all([_NAMES[name] for name in names or _NAMES], state, state_file, seconds, count, workers)
    show(state, console)
    if table_file is not None:
        table_file.write_text(markdown(state), encoding="utf-8")
    sys.exit(state.failed)


def _run_all(
    modules: list[str], state: State, state_file: Path | None, seconds: float | None, count: int | None, workers: int
) -> None:
    """Run campaigns in turn, and keep the state."""
    shares = {module: campaign_of(module).share for module in modules}
    saved = time.monotonic()

    with Live(Table(), transient=True, auto_refresh=False, console=Console(stderr=True)) as live:

        def tick() -> None:
            nonlocal saved
            if time.monotonic() - saved < _SAVE_SECONDS:
                return
            saved = time.monotonic()
            live.update(table(state), refresh=live.console.is_terminal)
            if state_file is not None:
                state.save(state_file)

        try:
            for share, module in itertools.product(_rounds(count), modules):
                limits = Limits()
                if seconds is not None:
                    limits.seconds = seconds / len(modules) / len(_rounds(count))
                if count is not None:
                    wanted = share * count * shares[module] / sum(shares.values())
                    limits.inputs = wanted - state.progress(name_of(module)).inputs
                if limits.inputs > 0:
                    Run(module, state, limits, workers, tick).run()
        finally:
            if state_file is not None:
                state.save(state_file)


def _rounds(count: int | None) -> list[float]:
    """Return the shares of ``count`` after which the campaigns take turns: a run that is stopped has tried all of them.

    Examples
    --------
    >>> _rounds(None), _rounds(250_000)
    ([1.0], [0.3333333333333333, 0.6666666666666666, 1.0])
    """
    rounds = 1 if count is None else -(-count // _ROUND)
    return [(number + 1) / rounds for number in range(rounds)]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the state is kept then, as after Ctrl-C
    main()
