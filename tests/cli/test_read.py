"""`pellucid read`: known digits in pictures, several files at once, and files that are not pictures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import pellucid as pl
from cli.processes import Run, call, environment, in_terminal

Sheet = tuple[Path, str]


@pytest.fixture
def blank() -> Path:
    Image.new("L", (120, 90), 240).save("blank.png")
    return Path("blank.png")


def test_json_has_text_digits_probabilities_and_boxes(run: Run, network: Path, sheet: Sheet) -> None:
    done = run("read", sheet[0], "--model", network, "--json")
    assert (done.code, done.err) == (0, "")
    (line,) = done.out.splitlines()
    found = json.loads(line)
    assert list(found) == ["file", "text", "digits"]
    assert (found["file"], found["text"]) == (str(sheet[0]), sheet[1])
    assert [list(digit) for digit in found["digits"]] == [["digit", "sure", "confidence", "probabilities", "box"]] * 3
    assert [digit["digit"] for digit in found["digits"]] == [int(letter) for letter in sheet[1]]
    for digit, left in zip(found["digits"], (24, 176, 328), strict=True):
        assert len(digit["probabilities"]) == 10
        assert sum(digit["probabilities"]) == pytest.approx(1, abs=1e-4)
        assert int(np.argmax(digit["probabilities"])) == digit["digit"]
        box = digit["box"]
        assert left <= box[0] < box[2] <= left + 112
        assert 24 <= box[1] < box[3] <= 136


def test_plain_lines_without_a_terminal(run: Run, network: Path, sheet: Sheet, blank: Path) -> None:
    done = run("read", sheet[0], blank, "--model", network)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == f"{sheet[0]}: {sheet[1]}"
    assert [line.split()[0] for line in lines[1:4]] == list(sheet[1])
    assert ", then " in lines[1]
    assert lines[4:] == ["blank.png: no digit found"]


def test_the_shipped_network_reads_the_examples(run: Run) -> None:
    pictures = sorted((Path(__file__).parents[2] / "examples" / "pictures").glob("*.*"))
    assert pictures
    done = run("read", *pictures, "--json")
    texts = [json.loads(line)["text"] for line in done.out.splitlines()]
    assert texts == [picture.stem.split("-")[0] for picture in pictures]


def test_a_picture_without_digits_has_an_empty_text(run: Run, network: Path, blank: Path) -> None:
    done = run("read", blank, "--model", network, "--json")
    assert done.code == 0
    assert json.loads(done.out) == {"file": "blank.png", "text": "", "digits": []}


def test_bad_files_are_reported_and_the_others_are_read(run: Run, network: Path, sheet: Sheet) -> None:
    Path("torn.png").write_bytes(sheet[0].read_bytes()[:200])
    Path("noise.png").write_bytes(b"\x00\xff" * 40)
    Image.new("L", (1, 1)).save("dot.png")
    Path("folder.png").mkdir()
    bad = ["torn.png", "noise.png", "dot.png", "folder.png", "missing.png"]
    done = run("read", *bad, sheet[0], "--model", network, "--json")
    assert done.code == 2
    assert [json.loads(line)["text"] for line in done.out.splitlines()] == [sheet[1]]
    complaints = done.err.splitlines()
    assert len(complaints) == len(bad)
    for complaint, name in zip(complaints, bad, strict=True):
        assert complaint.startswith("error: ")
        assert name in complaint


def test_a_file_name_cannot_move_the_cursor(run: Run, network: Path, sheet: Sheet) -> None:
    name = "three\x1b[2J.png"
    Path(name).write_bytes(sheet[0].read_bytes())
    done = run("read", name, "\x1b[31mnone.png", "--model", network)
    assert "\x1b" not in done.out + done.err
    assert f"three?[2J.png: {sheet[1]}" in done.out


def test_the_ink_may_be_named(run: Run, network: Path, sheet: Sheet) -> None:
    texts = {ink: run("read", sheet[0], "--model", network, "--ink", ink, "--json").out for ink in ("dark", "light")}
    right = [ink for ink, line in texts.items() if json.loads(line)["text"] == sheet[1]]
    assert len(right) == 1
    assert run("read", sheet[0], "--ink", "red").code == 2


def test_every_intermediate_picture_is_written(run: Run, network: Path, sheet: Sheet) -> None:
    done = run("read", sheet[0], "--model", network, "--explain", "deep/steps", "--json")
    assert (done.code, done.err) == (0, "")
    stem = sheet[0].stem
    names = {path.name for path in Path("deep/steps").iterdir()}
    whole = {f"{stem}-{k}-{step}.png" for k, step in enumerate(("grey", "evened", "ink", "digits"), 1)}
    assert whole < names
    assert len(names) == 4 + 6 * len(sheet[1])
    with Image.open(sheet[0]) as given, Image.open(f"deep/steps/{stem}-1-grey.png") as grey:
        assert grey.size == given.size
    with Image.open(f"deep/steps/{stem}-digit-01-6-centred.png") as pixels:
        assert pixels.size == (112, 112)


def test_the_answers_are_drawn_into_the_picture(run: Run, network: Path, sheet: Sheet) -> None:
    done = run("read", sheet[0], "--model", network, "--save", "answers.png", "--json")
    first = next(digit for digit in json.loads(done.out)["digits"] if digit["sure"])
    left, top, right, bottom = first["box"]
    with Image.open("answers.png") as image, Image.open(sheet[0]) as given:
        assert (image.size, image.mode) == (given.size, "RGB")
        red = np.asarray(image)[..., 0].astype(int) - np.asarray(image)[..., 1]
    assert (red[top:bottom, left - 2 : left] > 100).all()
    assert (red[top:bottom, right : right + 2] > 100).all()
    for bad in (["--save", "no/folder/a.png"], [sheet[0], "--save", "two.png"]):
        done = run("read", sheet[0], *bad, "--model", network)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1


def star(size: int = 90) -> Image.Image:
    """Return a star of five points drawn with a pen."""
    image = Image.new("L", (size + 60, size + 60), 235)
    at = [(30 + size / 2 + size / 2 * np.sin(k * 0.8 * np.pi), 30 + size / 2 - size / 2 * np.cos(k * 0.8 * np.pi))
          for k in range(6)]  # fmt: skip
    ImageDraw.Draw(image).line(at, fill=30, width=7, joint="curve")
    return image


def test_what_is_no_digit_is_not_in_the_text(run: Run) -> None:
    star().save("star.png")
    found = json.loads(run("read", "star.png", "--json").out)
    assert (found["text"], found["digits"]) == ("", [])
    (other,) = found["others"]
    assert other["sure"] is False
    assert len(other["box"]) == 4
    lines = run("read", "star.png", "--save", "marked.png").out.splitlines()
    assert lines[0] == "star.png: no digit found"
    assert lines[1].startswith("  no digit, most like ")
    with Image.open("marked.png") as image:
        colours = np.asarray(image).astype(int)
    assert (colours[..., 2] - colours[..., 0] > 100).any()


def test_a_threshold_marks_more_digits_as_unsure(run: Run, network: Path, sheet: Sheet) -> None:
    def sure(*options: object) -> list[bool]:
        found = json.loads(run("read", sheet[0], "--model", network, "--json", *options).out)
        assert found["text"] == sheet[1]
        return [digit["sure"] for digit in found["digits"]]

    assert sure("--threshold", 0) == [True] * 3
    assert sure("--threshold", 1) == [False] * 3
    plain = run("read", sheet[0], "--model", network, "--threshold", 1).out
    assert all(", unsure  in " in line for line in plain.splitlines()[1:])
    assert run("read", sheet[0], "--threshold", 2).code == 2


def test_a_file_of_several_pages(run: Run, network: Path, sheet: Sheet, blank: Path) -> None:
    with Image.open(sheet[0]) as image, Image.open(blank) as empty:
        image.convert("L").save("pages.tiff", save_all=True, append_images=[empty.convert("L"), image.convert("L")])
    done = run("read", "pages.tiff", "--model", network, "--json", "--save", "out.png", "--explain", "steps")
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [(page["page"], page["text"]) for page in found] == [(1, sheet[1]), (2, ""), (3, sheet[1])]
    assert all(Path(name).exists() for name in ("out.png", "out-2.png", "out-3.png", "steps/pages-page-3-1-grey.png"))
    assert run("read", "pages.tiff", "--model", network).out.splitlines()[0] == f"pages.tiff, page 1: {sheet[1]}"


def test_a_picture_from_standard_input(tmp_path: Path, network: Path, sheet: Sheet) -> None:
    done = call("read", "-", "--json", "--model", network, cwd=tmp_path, stdin=sheet[0].read_bytes())
    assert json.loads(done.stdout)["text"] == sheet[1], done.stderr


def test_networks_with_other_levels_and_shapes(run: Run, network: Path, sheet: Sheet) -> None:
    net = pl.load(network)
    nine = pl.Network(net.layers, input_shape=(784,), level_range=(0, 9))
    nine.parameters[...] = net.parameters
    pl.save(nine, "nine.safetensors")
    first, second = (
        json.loads(run("read", sheet[0], "--model", m, "--json").out) for m in (network, "nine.safetensors")
    )
    assert first["text"] == second["text"]
    for a, b in zip(first["digits"], second["digits"], strict=True):
        np.testing.assert_allclose(a["probabilities"], b["probabilities"], atol=1e-5)


def test_classes_with_other_names(run: Run, network: Path, sheet: Sheet) -> None:
    net = pl.load(network)
    letters = pl.Network(net.layers, input_shape=(28, 28), classes=list("ABCDEFGHIJ"))
    letters.parameters[...] = net.parameters
    pl.save(letters, "letters.safetensors")
    found = json.loads(run("read", sheet[0], "--model", "letters.safetensors", "--json").out)
    assert found["text"] == "DAH"
    assert [digit["digit"] for digit in found["digits"]] == ["D", "A", "H"]


def test_networks_that_cannot_read_are_refused(run: Run, sheet: Sheet) -> None:
    pl.save(pl.Network([pl.Dense(10, "softmax")], input_shape=(8, 8)), "small.safetensors")
    Path("broken.safetensors").write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{}")
    for name, said in (("small.safetensors", "(8, 8)"), ("broken.safetensors", "broken"), ("nowhere", "nowhere")):
        done = run("read", sheet[0], "--model", name)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
        assert len(done.err.splitlines()) == 1


def test_pictures_bars_and_steps_in_a_terminal(tmp_path: Path, network: Path, sheet: Sheet) -> None:
    for width, extra in ((80, ()), (40, ("--steps",))):
        shown = in_terminal("read", sheet[0], "--model", network, *extra, cwd=tmp_path, width=width)
        assert shown.code == 0, shown.text
        assert "▀" in shown.text
        assert all(len(line) <= width for line in shown.lines if str(sheet[0]) not in line)
        steps = ("grey", "evened", "mask", "cut out", "scaled", "centred")
        assert all(name in shown.text for name in steps) == bool(extra)


def test_reading_loads_neither_the_compiler_nor_what_it_does_not_show(network: Path, sheet: Sheet) -> None:
    script = (
        "import sys; from pellucid.cli.guard import run; "
        f"code = run(['read', {str(sheet[0])!r}, '--json', '--model', {str(network)!r}]); "
        "print(code, sorted({'numba', 'pellucid.cli.terminal', 'pellucid.training.trainer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
