"""Questions about what the network reads: levels, order and place of the pixels, noise, and how sure it is."""

from __future__ import annotations

import numpy as np

from pellucid.lessons.assessment.variant import Variant, share_read, unit_image, unit_images
from pellucid.lessons.records import Question
from pellucid.lessons.view import View, dense_places
from pellucid.programs.images import from_unit


def levels(view: View, variant: Variant) -> Question:
    """How well a network reads images of few grey levels."""
    count = variant.pick(range(2, 33))
    share = 100 * share_read(view, np.round(unit_images(view) * (count - 1)) / np.float32(count - 1))
    return Question(
        "number",
        f"All pixels of the test images are rounded to {count} levels between paper and ink. The network was trained "
        f"with 256, and reads {100 * view.accuracy(view.trained_net()):.1f} % of them correctly. What percentage of "
        "the rounded ones does it read correctly?",
        unit="%",
        truth=(share,),
        tolerance=3.0,
        told="All test images were rounded and read again.",
    )


def shuffled(view: View, variant: Variant) -> Question:
    """Whether a dense network knows which pixels are neighbours."""
    seed = variant.pick(range(1, 1001))
    unit, place = unit_images(view), dense_places(view.net)[0]
    order = np.random.default_rng(seed).permutation(unit.shape[1])
    twin = view.trained_net()
    weights = twin.parameters[place.weight : place.bias].reshape(place.inputs, place.neurons)
    weights[...] = weights[order]
    outputs = np.asarray(twin(from_unit(unit[:, order], twin.level_range).reshape(len(unit), *twin.input_shape)))
    share = float((np.nan_to_num(outputs).argmax(axis=1) == view.test.labels).mean())
    whole, chance = view.accuracy(view.trained_net()), 1 / len(view.net.classes)
    return variant.choice(
        f"The {place.inputs:,} pixels of all images are moved to other places, the same in all images (permutation "
        f"{seed}), and the weights of hidden layer 1 move with them. What percentage of the test images does the "
        "network "
        "then read correctly?",
        f"{100 * share:.1f} %",
        (f"{100 * chance:.1f} %", f"{50 * (whole + chance):.1f} %", "0.0 %", f"{100 * whole:.1f} %"),
        f"As many as before, {100 * whole:.1f} %: to a dense network, no two pixels are neighbours.",
    )


def shifted(view: View, variant: Variant) -> Question:
    """What a network that learnt centred images does with others."""
    across, down = variant.pick([(x, y) for x in range(-4, 5) for y in range(-4, 5) if (x, y) != (0, 0)])
    unit = unit_images(view)
    rows, columns = view.net.input_shape[-2:]
    moved = np.roll(unit.reshape(len(unit), rows, columns), (down, across), axis=(1, 2))
    # What leaves on one side does not come back on the other.
    moved[:, slice(0, down) if down >= 0 else slice(down, None)] = 0
    moved[:, :, slice(0, across) if across >= 0 else slice(across, None)] = 0
    share = 100 * share_read(view, moved.reshape(unit.shape))
    ways = [
        f"{abs(count)} pixel{'s' * (abs(count) > 1)} {way}"
        for count, way in ((across, "right" if across > 0 else "left"), (down, "down" if down > 0 else "up"))
        if count
    ]
    return Question(
        "number",
        f"All test images move {' and '.join(ways)}. In place, {100 * view.accuracy(view.trained_net()):.1f} % are "
        "read correctly. What percentage of the moved ones?",
        unit="%",
        truth=(share,),
        tolerance=10.0,
        told="All test images were moved and read again: a dense network learnt each pixel at its place.",
    )


def noise(view: View, variant: Variant) -> Question:
    """What a network answers where there is nothing to read."""
    seed = variant.pick(range(1, 1001))
    net = view.trained_net()
    unit = np.random.default_rng(seed).random(net.input_shape, np.float32)
    outputs = np.nan_to_num(np.asarray(net(from_unit(unit, net.level_range)), np.float64))
    options = (
        "one of its classes: it has no other answer",
        "none: it sees that this is no digit",
        "all outputs are the same",
        "nothing: it needs an image like those of the training",
    )
    best = int(outputs.argmax())
    return variant.mixed(
        f"Every pixel gets a random grey (noise number {seed}). What does the network answer?",
        options,
        2 if np.ptp(outputs) < 0.005 else 0,
        f"It answers {view.net.classes[best]}, with an output of {outputs[best]:.2f}.",
    )


def sureness(view: View, variant: Variant) -> Question:
    """How often the largest output is near 1."""
    level = variant.pick(range(50, 100)) / 100
    outputs = np.nan_to_num(np.asarray(view.trained_net()(view.images())))
    share = 100 * float((outputs.max(axis=1) >= level).mean())
    return Question(
        "number",
        f"On what percentage of the {len(outputs):,} test images is the largest output at {level:.2f} or more, "
        "rightly or wrongly?",
        unit="%",
        truth=(share,),
        tolerance=7.0,
        told="Training rewards outputs near 0 and 1, so that few images lie between.",
    )


def unchanged(view: View, variant: Variant) -> Question:
    """How many knobs a reading changes."""
    index = variant.pick(range(len(view.test)))
    net = view.trained_net()
    before = net.parameters.copy()
    reading = int(np.nan_to_num(np.asarray(net(view.images()[index]))).argmax())
    changed, total = int((net.parameters != before).sum()), net.parameter_count
    return variant.choice(
        f"The network reads test image {index} as {view.net.classes[reading]}. How many of its {total:,} weights and "
        "biases are different afterwards?",
        f"{changed:,}",
        (f"{total:,}", f"{total // len(view.net.classes):,}", "1", f"{unit_ink(view, index):,}"),
        "Reading computes with the knobs and leaves them as they are; only training changes them.",
    )


def unit_ink(view: View, index: int) -> int:
    """Return how many pixels of a held-out image have ink."""
    return int(np.count_nonzero(unit_image(view, index)))


def again(view: View, variant: Variant) -> Question:
    """Whether an image that was read before is read with more confidence."""
    index = variant.pick(range(len(view.test)))
    net, images = view.trained_net(), view.images()
    first = np.nan_to_num(np.asarray(net(images[index])))
    net(images)
    second, best = np.nan_to_num(np.asarray(net(images[index]))), int(first.argmax())
    change = float(second[best] - first[best])
    options = (
        f"exactly {first[best]:.3f} again",
        "more: it has seen the image before",
        "less: it has seen other images since",
        "a little more or less, by chance",
    )
    return variant.mixed(
        f"For test image {index}, the output of {view.net.classes[best]} is {first[best]:.3f}. Then the network reads "
        f"all {len(images):,} test images, and this one once more. What is that output now?",
        options,
        0 if change == 0 else 1 if change > 0 else 2,
        "The network is a function: the same inputs give the same outputs.",
    )
