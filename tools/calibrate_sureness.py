"""Fit the two constants that make the confidence of an answer a probability (`pellucid.inspect.certainty`).

    python -m tools.calibrate_sureness --fonts DIR

They are fitted by logistic regression to 5,000 of MNIST's training digits, which the second network was not trained on,
half of them varied, and to 500 pictures of no digits, of the kinds that it was trained on. The answers are those of
both networks together.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

import pellucid as pl
from pellucid.data.drawings import center
from pellucid.inspect.certainty import second_outputs, together
from pellucid.programs.images import from_unit
from tools import non_digits as draw
from tools.train_none import KEPT_OUT, fonts_of, kinds_to_fit
from tools.varied_digits import varied

NONES = 500


def least_shares(net: pl.Network, pixels: draw.Picture) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the answers for pixels (N, 28, 28), and the logit of the less sure network's probability of each."""
    second = second_outputs(pixels)
    both = together(net(from_unit(pixels, net.level_range)), second)
    best = both.argmax(axis=1)
    rows = np.arange(len(best))
    least = np.clip(np.minimum(both[rows, best], second[rows, best]).astype(np.float64), 1e-6, 1 - 1e-6)
    return best, np.log(least / (1 - least))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, required=True)
    fonts = fonts_of(parser.parse_args().fonts, test=False)
    rng, net, train = np.random.default_rng(2), pl.load("digits-conv"), pl.data.load("mnist").train
    images, labels = np.asarray(train.images[-KEPT_OUT:], np.float32) / 255, train.labels[-KEPT_OUT:]
    digits = np.stack(
        [varied(rng, i, int(k)) if n % 2 else i for n, (i, k) in enumerate(zip(images, labels, strict=True))]
    )
    kinds = [kind for kind, _ in kinds_to_fit(images, fonts).values()]
    nones = np.stack([center(kinds[k % len(kinds)](rng), thicken=True) for k in range(NONES)])
    (best, logits), (_, others) = least_shares(net, digits), least_shares(net, nones)
    right = np.concatenate([best == labels, np.zeros(NONES, bool)])
    every = np.concatenate([logits, others])

    def loss(constants: NDArray[np.float64]) -> float:
        return float(np.logaddexp(0, (1 - 2 * right) * (constants[0] * every + constants[1])).mean())

    slope, offset = optimize.minimize(loss, [1.0, 0.0]).x
    print(f"SLOPE, OFFSET = {slope:.2f}, {offset:.2f}")


if __name__ == "__main__":
    main()
