"""Timing: turns, ratios, cut epochs, disagreement, failures, checked with peers on a fake clock."""

from __future__ import annotations

import gc
import math
import time
import warnings

import numpy as np
import pytest
from fakes import Clock, Fake, entry, result

from pellucid.bench.measure import measure, timed
from pellucid.bench.peers import Peer
from pellucid.bench.results import Result
from pellucid.bench.work import InferenceWork, TrainingWork
from pellucid.errors import ConfigurationError


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    return clock


def training(count: int = 12, batch_size: int = 2) -> TrainingWork:
    return TrainingWork("tiny", np.zeros((count, 4)), np.arange(count) % 3, (4, 3), batch_size=batch_size)


def run(peers: list[Peer], work: TrainingWork | InferenceWork | None = None, rounds: int = 5) -> Result:
    return measure(work or training(), peers, rounds=rounds, pause=0)


def test_peers_take_turns(clock: Clock) -> None:
    calls: list[str] = []
    run([Fake(name, clock=clock, calls=calls) for name in ("Pellucid", "B", "C")], rounds=3)
    assert calls == ["Pellucid", "B", "C"] * 4


def test_ratios_are_taken_round_by_round_and_the_median_counts(clock: Clock) -> None:
    rival = Fake("Rival", clock=clock)
    paces = iter([9, 2, 4, 3, 3, 8])
    rival.loss = lambda work: setattr(rival, "pace", next(paces, 0)) or 0.5
    found = run([Fake("Pellucid", 0.5, clock=clock), rival])
    timed = found.entries[1]
    assert timed.ratios == pytest.approx([18, 4, 8, 6, 6])
    assert timed.ratio == pytest.approx(6)
    assert timed.spread == pytest.approx((4, 18))
    assert timed.images_per_second == pytest.approx(1 / 3)
    assert found.entries[0].ratios == [1.0] * 5
    assert timed.warm_up == pytest.approx(12)


def test_a_cut_epoch_counts_by_the_image_and_is_checked_on_its_own_images(clock: Clock) -> None:
    def loss(work: TrainingWork) -> float:
        return float(work.count)

    slow = Fake("Slow", 10, clock=clock, loss=loss, most_steps=2)
    found = run([Fake("Pellucid", clock=clock, loss=loss), slow])
    timed = found.entries[1]
    assert (timed.images, found.images) == (4, 12)
    assert timed.ratio == pytest.approx(10)
    assert timed.loss == 4
    assert timed.agrees


@pytest.mark.parametrize(
    ("seconds", "median", "runs"),
    [([3.0, 1.0], 3.0, 1), ([0.09, 0.02, 0.03], 0.02, 2), ([0.05, 0.01, 0.02, 0.03, 0.04], 0.02, 4)],
)
def test_short_runs_are_repeated_and_the_first_does_not_count(
    clock: Clock, seconds: list[float], median: float, runs: int
) -> None:
    taken = iter(seconds)
    calls = []

    def run() -> None:
        calls.append(clock.now)
        clock.now += next(taken)

    assert timed(run, 0) == pytest.approx(median)
    assert len(calls) == runs


@pytest.mark.parametrize(("loss", "agrees"), [(0.5004, True), (0.5006, False), (math.nan, False), (math.inf, False)])
def test_a_different_loss_is_reported(clock: Clock, loss: float, agrees: bool) -> None:
    found = run([Fake("Pellucid", clock=clock), Fake("Rival", clock=clock, loss=lambda work: loss)])
    timed = found.entries[1]
    assert timed.agrees is agrees
    if math.isfinite(loss):
        assert timed.difference == pytest.approx(abs(loss - 0.5) / 0.5)
    else:
        assert timed.difference is None
        assert timed.loss is None


@pytest.mark.parametrize(("value", "agrees"), [(0.5005, True), (0.502, False), (math.nan, False)])
def test_different_probabilities_are_reported(clock: Clock, value: float, agrees: bool) -> None:
    work = InferenceWork("read", np.zeros((5, 4)), (4, 3))
    found = run([Fake("Pellucid", clock=clock), Fake("Rival", clock=clock, loss=lambda work: value)], work)
    assert [each.agrees for each in found.entries] == [True, agrees]
    assert found.batch_size is None
    assert found.entries[0].loss is None


def test_unsuited_peers_are_skipped_with_a_reason(clock: Clock) -> None:
    def broken(work: TrainingWork) -> float:
        raise RuntimeError("out of beads\nand more")

    work = InferenceWork("read", np.zeros((5, 4)), (4, 3))
    peers = [
        Fake("Pellucid", clock=clock),
        Fake("Absent", unavailable="absent not installed"),
        Fake("Illiterate", clock=clock),
        Fake("Broken", clock=clock, loss=broken),
    ]
    found = run(peers, work)
    assert [each.peer for each in found.entries] == ["Pellucid"]
    assert found.skipped == {
        "Absent": "absent not installed",
        "Illiterate": "Illiterate does not read.",
        "Broken": "failed: RuntimeError: out of beads",
    }


def test_warnings_of_a_library_are_suppressed(clock: Clock) -> None:
    def grumble(work: TrainingWork) -> float:
        if len(calls) == 1:
            warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
        return 0.5

    calls: list[str] = []
    found = run([Fake("Pellucid", clock=clock, loss=grumble, calls=calls)])
    assert not found.skipped


def test_the_best_variant_counts_and_a_very_slow_one_is_timed_once(clock: Clock) -> None:
    calls: list[str] = []
    peers = [
        Fake("Pellucid", clock=clock),
        Fake("Rival", 3, "1 thread", clock=clock),
        Fake("Rival", 2, "all threads", clock=clock),
        Fake("Rival", 20, "hopeless", clock=clock, calls=calls),
    ]
    found = run(peers)
    assert [each.label for each in found.best()] == ["Pellucid", "Rival, all threads"]
    assert len(found.entries) == 3
    assert len(calls) == 2
    assert "10 times slower" in found.skipped["Rival, hopeless"]


def test_ratios_refer_to_the_baselines_best_variant(clock: Clock) -> None:
    peers = [Fake("Pellucid", 2, "a", clock=clock), Fake("Pellucid", 1, "b", clock=clock), Fake("B", 4, clock=clock)]
    assert [each.ratio for each in run(peers).entries] == pytest.approx([2, 1, 4])


def test_without_the_baseline_there_are_no_ratios() -> None:
    with pytest.raises(ConfigurationError, match="baseline Pellucid, but there are results of Rival: not built"):
        run([Fake("Pellucid", unavailable="not built"), Fake("Rival")])
    with pytest.raises(ConfigurationError, match="nobody"):
        run([])


def test_at_least_one_round_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="at least 1 round"):
        run([Fake("Pellucid")], rounds=0)


def test_the_collector_is_off_while_timing_and_back_on_afterwards(clock: Clock) -> None:
    seen: list[bool] = []

    def look(work: TrainingWork) -> float:
        seen.append(gc.isenabled())
        return 0.5

    run([Fake("Pellucid", clock=clock, loss=look)], rounds=2)
    assert seen == [True, False, False]
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_progress_names_every_step(clock: Clock) -> None:
    lines: list[str] = []
    measure(training(), [Fake("Pellucid", clock=clock)], rounds=2, pause=0, progress=lines.append)
    assert lines == ["tiny: preparing Pellucid", "tiny: round 1 of 2", "tiny: round 2 of 2"]


def test_best_keeps_the_order_given() -> None:
    found = result(entry("B", [5.0], variant="slow"), entry("C", [2.0]), entry("B", [4.0], variant="fast"))
    assert [each.label for each in found.best()] == ["Pellucid", "B, fast", "C"]
