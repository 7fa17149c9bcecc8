"""Help pages: every command has one, with examples whose options exist, at any width."""

from __future__ import annotations

from pathlib import Path

import pytest

import pellucid
from cli.processes import Run, call
from pellucid.cli.app import app
from pellucid.cli.page import EXAMPLES

COMMANDS = list(app.commands)


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("width", ["40", "100"])
def test_every_page_has_options_and_examples(
    run: Run, command: str, width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    done = run(*filter(None, [command]), "--help")
    assert (done.code, done.err) == (0, "")
    assert "--help" in done.out
    lines = done.out.split("Examples:\n")[1].splitlines()
    assert len([line for line in lines if line.startswith("  pellucid")]) == len(EXAMPLES[command])
    before = done.out.split("Examples:\n")[0].splitlines()
    assert max(map(len, before)) <= int(width)


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_use_options_that_exist(command: str) -> None:
    known = {name for parameter in app.commands[command].params for name in parameter.opts}
    used = {word for rest, _ in EXAMPLES[command] for word in rest.split() if word.startswith("-")}
    assert used <= known
    assert {"--json", "--save", "--no-browser", "--output"} & known


def test_every_option_has_a_help_text(run: Run) -> None:
    for command in COMMANDS:
        for parameter in app.commands[command].params:
            assert parameter.name == "help" or parameter.help, parameter.name


def test_version(run: Run) -> None:
    assert run("--version").out == f"pellucid {pellucid.__version__}\n"


def test_as_a_process(tmp_path: Path) -> None:
    done = call("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "python -m pellucid train" in done.stdout


@pytest.mark.parametrize("arguments", [("dance",), ("--dance",), ("read",), ("look", "a", "b"), ("train", "--epochs")])
def test_unknown_commands_and_options_are_refused_in_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert "--help" in done.err
    assert len(done.err.splitlines()) == 1
