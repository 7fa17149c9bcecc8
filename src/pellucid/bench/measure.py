"""Timing: peers take turns in rounds, so that a slowdown of the machine affects all of them; medians and ratios."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from statistics import median
from typing import Any

import numpy as np

from pellucid.bench.peers.base import Peer, Run, UnsuitedError
from pellucid.bench.results import Entry, Result
from pellucid.bench.sequence_work import SequenceWork
from pellucid.bench.work import Floats, InferenceWork, TrainingWork, Work
from pellucid.errors import ConfigurationError

BASELINE = "Pellucid"
ROUNDS = 5
# Threads of a peer may spin after their last task, those of OpenBLAS for about 70 ms. The next peer starts when they
# are asleep.
PAUSE = 0.12
LONG_ENOUGH = 0.1
MOST_AGAIN = 100
# A variant this many times slower than the best variant of its peer in the first round is not timed again.
HOPELESS = 3.0
# Peers differ by 3e-6 of the loss after an epoch of MNIST; approximate activations may differ more.
LOSS_TOLERANCE = 1e-3
PROBABILITY_TOLERANCE = 1e-3

Outcome = float | Floats
Progress = Callable[[str], None]


@dataclass
class _Contender:
    """A peer that is ready to run a workload."""

    peer: Peer
    run: Run
    images: int
    warm_up: float
    outcome: Outcome
    seconds: list[float] = field(default_factory=list)

    @property
    def pace(self) -> float:
        return median(self.seconds) / self.images


def measure(
    work: Work | SequenceWork,
    peers: Sequence[Peer],
    *,
    baseline: str = BASELINE,
    rounds: int = ROUNDS,
    pause: float = PAUSE,
    progress: Progress | None = None,
) -> Result:
    """Time every peer on one workload, in turns: A B C, A B C, and so on.

    Parameters
    ----------
    work
        The workload.
    peers
        The entrants. Those that are unavailable, unsuited or fail are skipped, and the result says why.
    baseline
        Name of the peer that ratios refer to. If it has several variants, the fastest counts.
    rounds
        Use at least 5 for results to quote.
    pause
        Seconds of rest before each turn.
    progress
        Called with a line of text for each step.

    Raises
    ------
    ConfigurationError
        If there are no rounds, or the baseline did not complete the workload.

    Examples
    --------
    >>> from pellucid.bench.peers.numpy_loop import NumpyLoop
    >>> work = TrainingWork("tiny", np.eye(4, dtype=np.float32), np.arange(4), layers=(4, 4), batch_size=2)
    >>> result = measure(work, [NumpyLoop()], baseline="NumPy", rounds=3, pause=0)
    >>> [(entry.label, len(entry.seconds), entry.ratio, entry.agrees) for entry in result.entries]
    [('NumPy', 3, 1.0, True)]
    """
    if rounds < 1:
        raise ConfigurationError(f"A measurement takes at least 1 round, got {rounds}.")
    say = progress or (lambda line: None)
    skipped: dict[str, str] = {}
    contenders = [ready for peer in peers if (ready := _prepare(work, peer, skipped, say))]
    _require_baseline(baseline, contenders, skipped)
    with quiet_collector():
        for number in range(1, rounds + 1):
            say(f"{work.name}: round {number} of {rounds}")
            for contender in contenders:
                contender.seconds.append(timed(contender.run, pause))
            if number == 1:
                contenders = _drop_hopeless(contenders, skipped)
    return _result(work, contenders, baseline, skipped)


def _prepare(work: Work | SequenceWork, peer: Peer, skipped: dict[str, str], say: Progress) -> _Contender | None:
    say(f"{work.name}: preparing {peer.label}")
    reason = peer.available()
    if peer.name in getattr(work, "left_out", ()):
        reason = "left out of this workload because it takes long to prepare; --thorough includes it."
    if reason is None:
        try:
            return _warm_up(_cut(work, peer), peer)
        except UnsuitedError as error:
            reason = str(error)
        except Exception as error:
            # The failure of a peer becomes a line in the table, whatever its library raises.
            reason = f"failed: {type(error).__name__}: {error}".splitlines()[0]
    skipped[peer.label] = reason
    return None


def _warm_up(work: Work | SequenceWork, peer: Peer) -> _Contender:
    start = time.perf_counter()
    with warnings.catch_warnings():
        # Warnings of a library about itself are of no use to the reader of a table.
        warnings.simplefilter("ignore")
        run = peer.prepare(work)
        outcome = _laid_together(run())
    return _Contender(peer, run, work.count, time.perf_counter() - start, outcome)


def _laid_together(outcome: float | Floats | list[Any]) -> Outcome:
    """Return the loss of a training workload, or the probabilities of an inference workload as one array."""
    if isinstance(outcome, list):
        return np.array([np.asarray(answer) for answer in outcome])
    return outcome if isinstance(outcome, np.ndarray) else float(outcome)


def _cut(work: Work | SequenceWork, peer: Peer) -> Work | SequenceWork:
    if isinstance(work, TrainingWork) and peer.most_steps is not None and work.steps > peer.most_steps:
        return work.first(peer.most_steps * work.batch_size)
    return work


def _require_baseline(baseline: str, contenders: list[_Contender], skipped: dict[str, str]) -> None:
    names = {contender.peer.name for contender in contenders}
    if baseline not in names:
        reasons = [reason for label, reason in skipped.items() if label.split(",")[0] == baseline]
        found = ", ".join(sorted(names)) or "nobody"
        raise ConfigurationError(
            f"Ratios need results of the baseline {baseline}, but there are results of {found}: "
            f"{reasons[0] if reasons else 'add it to the peers, or name another baseline.'}"
        )


def timed(run: Callable[[], object], pause: float) -> float:
    """Return the seconds of one run, started after a pause and a garbage collection.

    A short run is repeated until `LONG_ENOUGH` seconds have passed, and the median of all but the first counts.
    Otherwise, the time in which a core wakes up and fills its caches would dominate short runs.
    """
    time.sleep(pause)
    gc.collect()
    took = [_seconds(run)]
    while sum(took) < LONG_ENOUGH and len(took) < MOST_AGAIN:
        took.append(_seconds(run))
    return median(took[1:] or took)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


@contextmanager
def quiet_collector() -> Iterator[None]:
    """Disable automatic garbage collection, and freeze the objects that exist already."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()


def _drop_hopeless(contenders: list[_Contender], skipped: dict[str, str]) -> list[_Contender]:
    kept = []
    for contender in contenders:
        best = min(other.pace for other in contenders if other.peer.name == contender.peer.name)
        if contender.pace > HOPELESS * best:
            skipped[contender.peer.label] = (
                f"{contender.pace / best:.0f} times slower than the same peer's best variant in the first round, "
                "so not timed again."
            )
        else:
            kept.append(contender)
    return kept


def _result(work: Work | SequenceWork, contenders: list[_Contender], baseline: str, skipped: dict[str, str]) -> Result:
    leader = min((each for each in contenders if each.peer.name == baseline), key=lambda each: each.pace)
    references: dict[int, Outcome] = {leader.images: leader.outcome}
    entries = []
    for contender in contenders:
        if contender.images not in references and isinstance(work, TrainingWork):
            references[contender.images] = _laid_together(leader.peer.prepare(work.first(contender.images))())
        entries.append(_entry(contender, leader, references[contender.images]))
    return Result(
        work=work.name,
        training=not isinstance(work, InferenceWork),
        images=work.count,
        layers=tuple(work.layers),
        batch_size=None if isinstance(work, InferenceWork) else work.batch_size,
        baseline=baseline,
        entries=entries,
        skipped=skipped,
        network=work.network,
        frames=work.frames.shape[1] if isinstance(work, SequenceWork) else None,
    )


def _entry(contender: _Contender, leader: _Contender, reference: Outcome) -> Entry:
    loss = contender.outcome if isinstance(contender.outcome, float) else None
    difference = _difference(contender.outcome, reference)
    tolerance = PROBABILITY_TOLERANCE if loss is None else LOSS_TOLERANCE
    scale = leader.images / contender.images
    return Entry(
        peer=contender.peer.name,
        variant=contender.peer.variant,
        version=contender.peer.version,
        images=contender.images,
        seconds=contender.seconds,
        ratios=[scale * own / base for own, base in zip(contender.seconds, leader.seconds, strict=True)],
        warm_up=contender.warm_up,
        loss=_finite(loss),
        difference=_finite(difference),
        agrees=difference <= tolerance,
        threads=contender.peer.threads,
    )


def _difference(outcome: Outcome, reference: Outcome) -> float:
    if isinstance(outcome, float) and isinstance(reference, float):
        return abs(outcome - reference) / max(abs(reference), 1e-12)
    if np.shape(outcome) != np.shape(reference):
        return float("inf")
    return float(np.abs(np.asarray(outcome) - np.asarray(reference)).max())


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and isfinite(value) else None
