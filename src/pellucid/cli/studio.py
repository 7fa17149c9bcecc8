"""`pellucid studio`: serve the studio and open it in the browser."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click

from pellucid.cli.page import CommandPage
from pellucid.cli.table_options import TableOptions, table_options

DEFAULT_MINUTES = 5.0
"""Minutes without input until the page of a class starts again."""

MOST_MINUTES = 10_000

_BLAS_THREADS = "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"
"""Environment variables that NumPy's linear algebra reads when it is loaded."""


def _minutes(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Return a number of minutes above 0; "none" is infinity."""
    if value is None:
        return None
    with contextlib.suppress(ValueError):
        minutes = math.inf if value == "none" else float(value)
        if value == "none" or 0 < minutes <= MOST_MINUTES:
            return minutes
    expected = f"Expected a number of minutes above 0 and at most {MOST_MINUTES:,}, or none"
    raise click.BadParameter(f"{expected}, got {value!r}.", context, parameter)


@click.command(cls=CommandPage)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Port to listen on; 0 picks a free one. Default: 8127, if free.",
)
@click.option("--no-browser", is_flag=True, help="Print the link without opening it.")
@click.option(
    "--model",
    metavar="NAME|FILE",
    help="The network to start with; one of sequences is heard in the room Listen. Default: digits-sigmoid, or a new "
    "one for the classes of --data.",
)
@click.option(
    "--data",
    metavar="PATH",
    help="Your own pictures or table, as for `train --data`. Pictures in folders are cropped and centred.",
)
@table_options
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Default: this machine only.",
)
@click.option(
    "--course",
    metavar="FILE|CODE",
    help="A course of lessons that somebody gave you, such as course.json: the studio leads through it, and starts "
    "with its network. With --class, visitors do this course only.",
)
@click.option(
    "--class",
    "in_class",
    is_flag=True,
    help="For a class: visitors cannot open files, change the data, or keep, rename or delete networks.",
)
@click.option(
    "--reset-after",
    metavar="MINUTES|none",
    callback=_minutes,
    help="With --class: minutes without input until the page starts again. Default: 5.",
)
def studio(
    port: int | None,
    no_browser: bool,
    model: str | None,
    data: str | None,
    label: str | None,
    header: bool | None,
    ignore: tuple[str, ...],
    standardize: bool,
    task: str,
    host: str,
    course: str | None,
    in_class: bool,
    reset_after: float | None,
) -> int:
    """Open the studio: look inside the network, change any number, and watch it learn.

    Serves a page on this machine and opens it in the browser. No request leaves the machine. Press Ctrl-C to stop.
    """
    for name in _BLAS_THREADS:
        os.environ.setdefault(name, "1")  # threads that wait by spinning would slow down training and the browser

    from pellucid import models
    from pellucid.cli.compiling import announced
    from pellucid.lessons.course import check_known
    from pellucid.lessons.given_course import course_of
    from pellucid.studio.serving.request_guard import is_loopback
    from pellucid.studio.serving.server import serve
    from pellucid.studio.state.class_rules import ClassRules

    table = TableOptions(label, header, ignore, standardize, task).given()
    if table and data is None:
        raise click.UsageError(f"Expected --data with --{min(table)}: give the table.")
    if reset_after is not None and not in_class:
        raise click.UsageError("Expected --class with --reset-after: without it, the page does not start again.")
    given = None if course is None else check_known(course_of(course))
    if model is None and data is None and given is not None and given.network in models.names():
        model = given.network
    minutes = DEFAULT_MINUTES if reset_after is None else reset_after
    rules = ClassRules(60 * minutes if math.isfinite(minutes) else None) if in_class else None
    if not is_loopback(host):
        print(
            f"warning: anyone who can reach {host} over the network and knows the link can use the studio. Traffic "
            "is not encrypted.",
            file=sys.stderr,
        )

    def opened(new_link: Callable[[], str]) -> None:
        print(f"The studio is open: {new_link()}", flush=True)
        if sys.stdin is not None and sys.stdin.isatty():
            print("A link works once: press Enter for another. Press Ctrl-C to stop.", flush=True)
            threading.Thread(target=_give_links, args=(new_link,), daemon=True).start()
        else:
            print("The link works once. Press Ctrl-C to stop.", flush=True)
        if not no_browser:
            _browse(new_link())

    with announced():
        serve(model, data=data, table=table, host=host, port=port, rules=rules, course=given, opened=opened)
    print("The studio has stopped.", flush=True)
    return 0


def _give_links(new_link: Callable[[], str]) -> None:
    """Print a new link whenever Enter is pressed."""
    with contextlib.suppress(OSError, ValueError):  # the terminal has been closed
        for _ in sys.stdin:
            print(new_link(), flush=True)


_REDIRECT = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={}"><title>Pellucid</title>'
)


def _browse(link: str) -> None:
    """Open the link in the browser, if there is one.

    Every user of a machine can read the command line of every process. So the browser is given the path of a file that
    only this user can read, and that leads to the link.
    """
    import atexit
    import html
    import tempfile
    import webbrowser

    handle, name = tempfile.mkstemp(".html", "pellucid-")  # with mode 0600
    page = Path(name)
    atexit.register(page.unlink, missing_ok=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_REDIRECT.format(html.escape(link)))
    # Some browsers block the call that starts them until they are closed.
    threading.Thread(target=webbrowser.open, args=(page.as_uri(),), daemon=True).start()
