"""The file that is written: what is in it, what is refused, and that nothing of a network can become code."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.studio.sharing.offline_page import page_of

HOSTILE = ["</script><script>alert(1)</script>", "<!--<script>", "]]>&amp;\u2028", "<img src=x onerror=alert(1)>"]


class Reader(HTMLParser):
    """The elements of a page, and the text of its scripts."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.title = self.inside = ""
        self.policy = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.inside = tag
        found = dict(attrs)
        if tag == "script":
            self.scripts.append((found, ""))
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "title":
            self.title += data
        if self.inside == "script":
            self.scripts[-1] = self.scripts[-1][0], self.scripts[-1][1] + data

    @property
    def shared(self) -> dict:
        return json.loads(next(text for found, text in self.scripts if found.get("id") == "shared-network"))


def small(classes: list[str] | None = None) -> pl.Network:
    return pl.Network([pl.Dense(4, "softmax")], input_shape=(8, 8), seed=1, classes=classes)


@pytest.mark.usefixtures("template")
def test_everything_is_in_the_file() -> None:
    net = pl.load("digits-relu")
    shared = Reader(page_of(net, "digits")).shared
    assert shared["network"]["classes"] == list(net.classes)
    assert shared["network"]["parameterCount"] == net.parameter_count
    assert ["held out", "97.2 % correct"] in shared["record"]
    packed = base64.b64decode(shared["parameters"])
    raw = zlib.decompress(packed) if shared["packing"] == "deflate" else packed
    np.testing.assert_array_equal(np.frombuffer(raw, "<f4"), net.parameters)
    assert Reader(page_of(net, "digits")).title == "digits · Pellucid"


@pytest.mark.usefixtures("template")
def test_parameters_are_compressed_where_that_pays() -> None:
    net = small()
    net.parameters.view(np.uint32)[...] = np.random.default_rng(2).integers(1 << 23, 1 << 30, net.parameter_count)
    assert Reader(page_of(net, "net")).shared["packing"] == "none"
    net.parameters[...] = 0
    shared = Reader(page_of(net, "net")).shared
    assert shared["packing"] == "deflate"
    assert len(shared["parameters"]) < net.parameter_count


@pytest.mark.usefixtures("template")
def test_hostile_names_stay_text() -> None:
    plain = Reader(page_of(small(), "net"))
    net = small(HOSTILE)
    net.record["data"] = HOSTILE[0]
    hostile = Reader(page_of(net, HOSTILE[0]))
    assert hostile.tags == plain.tags
    assert hostile.title == f"{HOSTILE[0]} · Pellucid"
    assert hostile.shared["network"]["classes"] == HOSTILE
    assert ["data", HOSTILE[0]] in hostile.shared["record"]


@pytest.mark.usefixtures("template")
def test_the_policy_allows_the_one_script_and_no_connection() -> None:
    page = Reader(page_of(small(), "net"))
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    code = [text for found, text in page.scripts if found.get("id") != "shared-network"]
    assert len(code) == 1
    digest = base64.b64encode(hashlib.sha256(code[0].encode()).digest()).decode()
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert "connect-src" not in rules
    assert "unsafe" not in page.policy


def test_the_page_is_small_and_has_the_notices(template: Path) -> None:
    content = template.read_bytes()
    assert len(gzip.compress(content)) <= 300_000
    assert b"Permission is hereby granted" in content
    assert not re.search(rb"<(?:script|link|img)[^>]+(?:src|href)=\"(?!data:)", content)


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize("name", ["digits-relu", "digits-conv", "digits-or-none"])
def test_a_file_is_the_page_its_parameters_and_its_images(name: str) -> None:
    page = page_of(pl.load(name), name)
    shared = Reader(page).shared
    packed = [shared["parameters"], (shared["examples"] or {"packed": ""})["packed"]]
    own = sum(len(base64.b64decode(text)) for text in packed)
    assert len(gzip.compress(page)) - own * 1.02 <= 300_000  # packed bytes do not shrink further


@pytest.mark.usefixtures("template")
def test_without_images_there_is_neither_training_nor_a_lesson() -> None:
    shared = Reader(page_of(pl.load("digits-relu"), "net", examples=0)).shared
    assert (shared["examples"], shared["lessons"]) == (None, [])


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize(
    ("net", "message"),
    [
        (pl.Network([pl.LSTM(4), pl.Dense(2)], input_shape=(None, 3)), "got one of sequences"),
        (pl.Network([pl.Dense(2)], input_shape=(5,)), "rows with 5 features"),
        (pl.Network([pl.Dense(2000)], input_shape=(28, 28)), "at most 300,000 parameters"),
        (pl.Network([pl.MaxPool2d(2)], input_shape=(28, 28)), "ends with a dense layer"),
    ],
)
def test_other_networks_are_refused_with_a_sentence(net: pl.Network, message: str, tmp_path: Path) -> None:
    with pytest.raises(pl.ConfigurationError, match=message):
        pl.share(net, tmp_path / "net.html")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pl.ConfigurationError, match="expected a network, got str"):
        pl.share("digits-relu", tmp_path / "net.html")  # type: ignore[arg-type]


def test_a_page_that_is_not_built_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.studio.sharing.offline_page.SHARED_PAGE", tmp_path / "none.html")
    with pytest.raises(pl.ConfigurationError, match="make web"):
        page_of(small(), "net")
    (tmp_path / "none.html").write_text("<title>Other</title>")
    with pytest.raises(pl.ConfigurationError, match="of another version"):
        page_of(small(), "net")
