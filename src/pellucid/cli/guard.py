"""The outermost layer of the process: arguments in, exit code out, and every exception handled."""

from __future__ import annotations

import shutil
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from pellucid.cli.app import app
from pellucid.cli.complaint import complain
from pellucid.cli.streams import LostOutputError, prepared
from pellucid.cli.words import clean, program
from pellucid.errors import PellucidError

INTERRUPTED = 130
BROKEN_PIPE = 141


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. Internal errors are raised and show a traceback."""
    with prepared():
        _have_warnings_in_one_line()
        return _ended(arguments)


def _ended(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code for its outcome."""
    try:
        code = _invoke(app, list(arguments))
        sys.stdout.flush()
        return code
    except (PellucidError, LostOutputError) as error:
        return complain(error)
    except MemoryError:
        return complain("not enough memory: choose a smaller network or data set.")
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return BROKEN_PIPE


def _invoke(command: click.Command, arguments: list[str]) -> int:
    """Parse the arguments and call the command, without Click's own exits."""
    try:
        with command.make_context("pellucid", arguments, terminal_width=_page_width()) as context:
            code: int = command.invoke(context)
            return code
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.Abort:
        return INTERRUPTED
    except click.UsageError as error:
        page = "pellucid" if error.ctx is None else error.ctx.command_path
        return complain(f"{error.format_message().rstrip('.')}. See {page.replace('pellucid', program(), 1)} --help.")


def _page_width() -> int:
    """Return the width of help pages; Click on its own does not go below 50 columns."""
    return max(24, min(shutil.get_terminal_size().columns, 100) - 1)


def _have_warnings_in_one_line() -> None:
    def show(message: Warning | str, *_: Any) -> None:
        print(f"warning: {clean(str(message))}", file=sys.stderr)

    warnings.showwarning = show  # type: ignore[assignment]
