"""Caches are where the system keeps them, and nowhere if the user has no home folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pellucid.system.cache_folder import cache_folder


def test_it_is_where_the_system_keeps_caches() -> None:
    folder = cache_folder("data", "mnist")
    assert folder is not None
    assert folder.is_absolute()
    assert folder.parts[-2:] == ("data", "mnist")
    assert "pellucid" in folder.parts


@pytest.mark.skipif(sys.platform != "linux", reason="other systems find the folder elsewhere")
@pytest.mark.parametrize("home", [".", "relative/home", "~", None])
def test_no_folder_without_a_home(home: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if home is None:
        monkeypatch.delenv("HOME", raising=False)
    else:
        monkeypatch.setenv("HOME", home)
    assert cache_folder() is None


def test_a_relative_folder_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: Path("~/.cache/pellucid"))
    assert cache_folder() is None
