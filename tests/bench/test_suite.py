"""The whole report: created, saved, loaded, and refused if it is not a report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fakes import Fake, entry, report, result

import pellucid.bench as bench
from pellucid.bench.peers.numpy_loop import PEERS as NUMPY
from pellucid.bench.work import InferenceWork, TrainingWork
from pellucid.errors import ConfigurationError, FileFormatError


def test_a_report_of_real_peers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.random((40, 8), dtype=np.float32), rng.integers(0, 3, 40)
    works = [TrainingWork("train", images, labels, (8, 4, 3)), InferenceWork("read", images, (8, 4, 3))]
    peers = [*NUMPY, Fake("Absent", unavailable="absent not installed")]
    made = bench.compare(works, peers, baseline="NumPy", rounds=2, limits=False)
    assert made.ink == pytest.approx(8)
    assert made.peers["Absent"] == "absent not installed"
    assert [each.work for each in made.results] == ["train", "read"]
    assert all(each.agrees for each in made.results[0].entries + made.results[1].entries)
    bench.save(made, tmp_path / "report.json")
    assert bench.load(tmp_path / "report.json") == made


def test_a_report_survives_its_file(tmp_path: Path) -> None:
    odd = entry("Rival", [2.0, 3.0, 4.0], loss=None, difference=None, agrees=False, threads=None)
    made = report(result(odd, skipped={"Other": "failed: müde"}), result(batch_size=None, training=False))
    bench.save(made, tmp_path / "report.json")
    assert bench.load(tmp_path / "report.json") == made
    without = report(limits=False)
    bench.save(without, tmp_path / "report.json")
    assert bench.load(tmp_path / "report.json") == without


def test_json_has_the_ratios_worked_out() -> None:
    content = json.loads(report(result(entry("Rival", [2.0, 3.0, 7.0]))).to_json())
    rival = content["results"][0]["entries"][1]
    assert rival["ratio"] == 3.0
    assert rival["images_per_second"] == pytest.approx(1000 / 0.003)
    assert rival["ratios"] == [2.0, 3.0, 7.0]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"format": 2}', '{"format": 1}', '{"format": 1, "limits": 3, "machine": {}}']
)
def test_files_that_are_not_reports_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=r"report\.json"):
        bench.load(path)


def test_binary_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(FileFormatError):
        bench.load(tmp_path / "report.json")


def test_a_report_needs_workloads() -> None:
    with pytest.raises(ConfigurationError, match="at least one work"):
        bench.compare([])


def test_every_public_name_is_there() -> None:
    assert set(dir(bench)) == set(bench.__all__)
    assert all(getattr(bench, name) is not None for name in bench.__all__)
    with pytest.raises(AttributeError, match="fastest"):
        bench.fastest  # noqa: B018
