"""The documentation: its examples run, its reference lists every public name, every page can be reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pellucid as pl
from docs_pages import DOCS, picture_code, python_code
from pellucid import sklearn
from tools import reference_page

PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    exec(compile(python_code(name), str(DOCS / name), "exec"), {})


def test_own_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run("own-pictures.md", tmp_path, monkeypatch)
    *digits, shapes = capsys.readouterr().out.splitlines()
    assert len(digits) == 2
    assert all(") 1 at " in line for line in digits)
    assert int(shapes.split("%")[0]) >= 75


def test_own_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run("own-recordings.md", tmp_path, monkeypatch)
    text, *words, notes = capsys.readouterr().out.splitlines()
    assert re.sub(r"\W", "", text) == "381"
    assert [line.split(":")[0] for line in words] == ["three", "eight", "one"]
    assert notes == "()"


def test_many_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run("many-networks.md", tmp_path, monkeypatch)
    accuracy, best = capsys.readouterr().out.splitlines()
    assert 0.85 < float(accuracy.split(",")[0]) < 0.95
    assert "learning_rate" in best


def test_race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What the page's code prints lies in the ranges of its table."""
    run("race.md", tmp_path, monkeypatch)
    shares = {
        name: float(share.rstrip("%"))
        for name, share in (line.split(": ") for line in capsys.readouterr().out.splitlines())
    }
    assert 26.4 <= shares["sigmoid"] <= 51.2
    assert 83.4 <= shares["relu"] <= 89.3


def test_teaching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run("teaching.md", tmp_path, monkeypatch)
    assert "misread; the most confident mistake: " in capsys.readouterr().out


def test_frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Under Python, which is not frozen, the program does the same."""
    monkeypatch.chdir(tmp_path)
    exec(compile(python_code("frozen.md"), str(DOCS / "frozen.md"), "exec"), {"__name__": "__main__"})
    assert re.match(r"\d at \d\.\d\d", capsys.readouterr().out)


def test_the_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every picture is drawn, and what the text says about some of them is so."""
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    known: dict[str, object] = {}
    for number, code in enumerate(picture_code("tutorial.md"), 1):
        exec(compile(code, f"picture {number} of the tutorial", "exec"), known)
        assert len(pyplot.get_fignums()) == 1
        pyplot.close("all")
    assert number == 11
    assert known["net"].parameter_count == 13002  # type: ignore[attr-defined]
    assert known["events"][-1].test_accuracy > 0.9  # type: ignore[index]
    assert known["check"].difference == pytest.approx(known["steps"].gradient[known["order"][0]], rel=1e-3)  # type: ignore[attr-defined, index]
    assert known["loops"].max() < 0.8  # type: ignore[attr-defined]
    assert re.sub(r"\W", "", known["heard"].text) == "381"  # type: ignore[attr-defined]


def test_the_reference_has_every_public_name() -> None:
    page = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert page == reference_page.page(), "run tools/reference_page.py"
    listed = set(re.findall(r"^   (pellucid\.[\w.]+)$", page, re.MULTILINE))
    modules = {"pellucid": pl, "pellucid.data": pl.data, "pellucid.inspect": pl.inspect, "pellucid.plot": pl.plot}
    public = {f"{module}.{name}" for module, room in modules.items() for name in room.__all__}
    assert set(re.findall(r"pellucid\.sklearn\.\w+", page)) == {f"pellucid.sklearn.{name}" for name in sklearn.__all__}
    assert public - listed == {"pellucid.__version__", *list(modules)[1:]}


def test_every_page_is_in_the_contents() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    contents = [
        line for tree in re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL) for line in tree.splitlines()
    ]
    assert {f"{line}.md" for line in contents if line and not line.startswith(":")} == set(PAGES) - {"index.md"}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", (DOCS / name).read_text(encoding="utf-8")):
        if "://" not in link:
            assert (DOCS / name).parent.joinpath(link).exists(), f"{name} links {link}"
