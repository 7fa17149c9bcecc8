"""Children are started from the folder of this package, and import nothing from the current one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_a_frozen_program_cannot_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(OSError, match="not a Python interpreter"):
        child.child_command("pellucid.engine.compiler.build", "dense")
