"""Every campaign runs without a failure, and the runner finds planted faults."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tools.fuzz.__main__ import _rounds, main
from tools.fuzz.campaign import campaign_of, generator_of, name_of
from tools.fuzz.campaigns import MODULES
from tools.fuzz.failures import CRASH, KINDS, MEMORY, SLOW, UNTYPED, WRONG
from tools.fuzz.report import markdown
from tools.fuzz.runner import Limits, Run, WorkerError, run_only
from tools.fuzz.state import Progress, State

CASES = 50
PLANTED = "planted"
FAULTS = {0: CRASH, 1: UNTYPED, 2: SLOW, 3: MEMORY, 4: WRONG, 5: WRONG, 6: SLOW}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_campaign_finds_no_fault(module: str) -> None:
    if name_of(module) == "onnx_files":
        pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx]'")
    state = State()
    Run(module, state, Limits(inputs=CASES)).run()
    assert state.failures == []
    progress = state.progress(name_of(module))
    assert progress.inputs >= CASES
    assert progress.accepted > 0
    assert progress.most_seconds > 0


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower limits, so that planted faults need little time and memory."""
    monkeypatch.setenv("PELLUCID_FUZZ_SECONDS", "0.2")
    monkeypatch.setenv("PELLUCID_FUZZ_BYTES", "50000000")


def faults_among(numbers: range) -> list[tuple[int, str]]:
    drawn = ((n, int(generator_of(0, PLANTED, n).integers(40))) for n in numbers)
    return [(n, FAULTS[case]) for n, case in drawn if case in FAULTS]


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("workers", [1, 2])
def test_the_runner_finds_planted_faults(workers: int) -> None:
    state = State()
    Run(PLANTED, state, Limits(inputs=80), workers, patience=2.0).run()
    progress = state.progress(PLANTED)
    ran = set(range(progress.next)) - {n for begin, end in progress.pending for n in range(begin, end)}
    assert len(ran) == progress.cases >= 80
    wanted = [(n, kind) for n, kind in faults_among(range(progress.next)) if n in ran]
    assert {kind for _, kind in wanted} == set(KINDS)
    assert sorted((each.number, each.kind) for each in state.failures) == sorted(wanted)
    assert progress.failures == {kind: sum(each == kind for _, each in wanted) for kind in KINDS}
    assert progress.accepted > 0
    assert progress.refused > 0
    [crash] = {each.message.split(":")[0] for each in state.failures if each.kind == CRASH}
    assert crash == "SIGSEGV"


@pytest.mark.usefixtures("strict")
def test_one_case_is_repeated_alone() -> None:
    for number, kind in faults_among(range(80)):
        if kind in (UNTYPED, CRASH):
            [failure] = run_only(PLANTED, 0, number).failures
            assert (failure.number, failure.kind) == (number, kind)
    fine = next(n for n in range(80) if n not in dict(faults_among(range(80))))
    assert run_only(PLANTED, 0, fine).failures == []


def test_a_case_always_draws_the_same() -> None:
    [first, again, other] = (generator_of(0, "sounds", n).random() for n in (3, 3, 4))
    assert first == again != other
    assert generator_of(1, "sounds", 3).random() != first != generator_of(0, "pictures", 3).random()


def test_progress_is_resumed(tmp_path: Path) -> None:
    path, module = tmp_path / "state.json", MODULES[0]
    for count in (20, 40):
        state = State.load(path, 0)
        Run(module, state, Limits(inputs=20)).run()
        state.save(path)
        progress = State.load(path, 0).progress(name_of(module))
        assert progress.inputs >= count
        assert progress.next - sum(end - begin for begin, end in progress.pending) == progress.cases
    with pytest.raises(ValueError, match="--seed 0"):
        State.load(path, 1)


def test_ranges_that_were_given_back_come_first() -> None:
    progress = Progress()
    assert progress.take(10) == (0, 10)
    progress.give_back(4, 10)
    progress.give_back(7, 7)
    assert [progress.take(4), progress.take(4), progress.take(4)] == [(4, 8), (8, 10), (10, 14)]


def test_a_worker_that_cannot_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "unprepared.py").write_text(
        "from tools.fuzz.campaign import Campaign\n"
        "def prepare(folder): raise OSError('no such thing')\n"
        "CAMPAIGN = Campaign('', prepare, share=1)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(WorkerError, match="no such thing"):
        Run("unprepared", State(), Limits(inputs=5)).run()


def test_the_command(tmp_path: Path) -> None:
    runner, state, table = CliRunner(), tmp_path / "state.json", tmp_path / "table.md"
    result = runner.invoke(main, ["--list"])
    assert [line.split()[0] for line in result.output.splitlines()] == [name_of(module) for module in MODULES]
    arguments = ["model_files", "--count", "10", "--state", str(state), "--table", str(table)]
    assert runner.invoke(main, arguments).exit_code == 0
    assert json.loads(state.read_text())["campaigns"]["model_files"]["cases"] >= 10
    [heading, _, row, total] = table.read_text().splitlines()
    assert heading.startswith("| campaign | inputs |")
    assert re.match(r"\| model_files \| \d+ \|", row)
    assert total.startswith("| all |")
    assert runner.invoke(main, ["--only", "model_files:3"]).exit_code == 0
    assert runner.invoke(main, ["--only", "nothing:3"]).exit_code == 2


def test_campaigns_take_turns() -> None:
    assert _rounds(None) == _rounds(100_000) == [1.0]
    assert _rounds(1_000_000) == pytest.approx(np.arange(1, 11) / 10)


def test_a_failure_is_in_the_table() -> None:
    state = State()
    state.progress("sounds").done(3, 2, 0.25, 10_000_000)
    state.progress("sounds").failures[CRASH] += 1
    assert state.failed
    row = markdown(state).splitlines()[2]
    assert row == "| sounds | 6 | 3 | 2 | 1 | 0 | 0 | 0 | 0 | 0.25 | 10 | 0 |"


def test_shares_reach_what_is_asked_for() -> None:
    shares = {name_of(module): campaign_of(module).share for module in MODULES}
    assert 1_000_000 * shares["kills"] / sum(shares.values()) >= 950
    assert 1_000_000 * (shares["requests"] + shares["messages"]) / sum(shares.values()) >= 100_000
    assert np.isclose(sum(shares.values()), 1000, atol=50)
