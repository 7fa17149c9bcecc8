"""Children are started from the folder of this package, and import nothing from the current one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import pellucid
from pellucid.system import child

HOME = str(Path(pellucid.__file__).parent.parent)


def test_the_import_path_of_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(HOME)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", "relative", str(tmp_path), "/elsewhere", HOME])
    assert child.import_path() == ["/elsewhere", HOME]
    monkeypatch.setattr(sys, "path", ["/elsewhere", str(tmp_path / "link")])
    assert child.import_path() == ["/elsewhere", str(tmp_path / "link")]
    monkeypatch.setattr(sys, "path", ["", "/elsewhere"])  # as for an editable install with an import hook
    assert child.import_path() == ["/elsewhere", HOME]
    monkeypatch.chdir(HOME)
    monkeypatch.setattr(sys, "path", ["", HOME, "/elsewhere"])
    assert child.import_path() == [HOME, "/elsewhere"]


def test_a_child_serves_its_argument() -> None:
    """A part that does not exist fails in the module that was asked for."""
    command = child.child_command("pellucid.engine.compiler.build", "nothing")
    done = subprocess.run(command, cwd=child.HOME, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "KeyError: 'nothing'" in done.stderr


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "argv", ["program"])
    monkeypatch.setattr(child, "_serves", False)


@pytest.mark.usefixtures("frozen")
def test_a_frozen_program_that_does_not_become_a_child_is_never_started_again() -> None:
    with pytest.raises(OSError, match="not a Python interpreter"):
        child.child_command("pellucid.engine.compiler.build", "dense")


@pytest.mark.usefixtures("frozen")
def test_a_frozen_program_starts_itself_as_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []
    monkeypatch.setitem(sys.modules, "served", SimpleNamespace(serve=served.append))
    child.become_child()
    program, *arguments = child.child_command("served", "an argument")
    assert program == sys.executable
    assert served == []
    monkeypatch.setattr(sys, "argv", ["program", *arguments])
    with pytest.raises(SystemExit) as ended:
        child.become_child()
    assert not ended.value.code
    assert served == ["an argument"]


def test_the_argument_of_frozen_programs_means_nothing_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pellucid", "--pellucid-child", "os", "nothing"])
    child.become_child()
