from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pellucid as pl
from pellucid import models
from pellucid.inspect.certainty import WITNESS
from pellucid.models import (
    digits_conv,
    digits_lenet,
    digits_relu,
    digits_relu_distilled,
    digits_sigmoid,
    spoken_digits,
)

DISTILLED = [digits_relu_distilled.RECIPE]
RECIPES = [digits_sigmoid.RECIPE, digits_relu.RECIPE, digits_conv.RECIPE, *DISTILLED]


def test_every_shipped_network_has_a_recipe_and_a_record():
    assert models.names() == sorted([*(recipe.name for recipe in RECIPES), spoken_digits.NAME, WITNESS])
    assert pl.load(WITNESS).record["recipe"] == "tools/train_none.py"
    assert models.DEFAULT in models.names()
    for recipe in RECIPES:
        net = pl.load(recipe.name)
        assert net.parameter_count == (41_794 if recipe is digits_conv.RECIPE else 13_002)
        assert models.shipped_path(recipe.name).stat().st_size < 200_000
        last = digits_conv.SECOND if recipe is digits_conv.RECIPE else recipe
        assert net.record["recipe"] == ("tools/train_conv.py" if last is digits_conv.SECOND else recipe.name)
        assert net.record["optimizer"] == last.optimizer.configuration()
        assert net.record["epochs"] == last.epochs
        assert net.record.get("epochs_before", 0) == (digits_conv.RECIPE.epochs if last is digits_conv.SECOND else 0)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_the_recorded_accuracy_is_the_real_one(recipe, mnist):
    net = pl.load(recipe.name)
    right = net(mnist.test.images).argmax(1) == mnist.test.labels
    assert right.mean() == pytest.approx(net.record["test_accuracy"], abs=2e-4)


def test_the_best_is_the_one_that_reads():
    readers = [recipe.name for recipe in RECIPES]
    best = max(readers, key=lambda name: pl.load(name).record["test_accuracy_mean"])
    assert best == models.READER
    small = [recipe.name for recipe in RECIPES if recipe not in (digits_conv.RECIPE, *DISTILLED)]  # of labels alone
    assert max(small, key=lambda name: pl.load(name).record["test_accuracy_mean"]) == models.DEFAULT
    assert pl.load("digits-conv").record["test_accuracy_mean"] >= 0.996
    assert pl.load("digits-sigmoid").record["test_accuracy_mean"] >= 0.955
    assert pl.load("digits-relu").record["test_accuracy_mean"] >= 0.97


@pytest.mark.parametrize("recipe", [digits_sigmoid.RECIPE, digits_lenet.RECIPE], ids=lambda recipe: recipe.name)
def test_a_recipe_begins_as_it_says(recipe, mnist):
    train = mnist.train.take(640)
    trainers = [recipe.trainer(train, seed) for seed in (0, 0, 1)]
    for trainer in trainers:
        trainer.take_steps(5)
    assert np.array_equal(trainers[0].net.parameters, trainers[1].net.parameters)
    assert not np.array_equal(trainers[0].net.parameters, trainers[2].net.parameters)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_bytes_and_levels_from_0_to_1_are_the_same(recipe, mnist):
    net, images = pl.load(recipe.name), mnist.test.images[:50]
    np.testing.assert_allclose(net(images), net(images.astype(np.float32) / 255), atol=1e-5)


def test_a_network_for_bytes_alone_takes_any_levels_afterwards(mnist):
    trainer = digits_sigmoid.RECIPE.trainer(mnist.train.take(320), 0)
    trainer.take_steps(3)
    free, images = models.recipe.of_any_levels(trainer.net), mnist.test.images[:20]
    assert np.array_equal(free(images), trainer.net(images))
    np.testing.assert_allclose(free(images.astype(np.float32) / 255), trainer.net(images), atol=1e-6)


def test_a_pupil_is_trained_on_its_teachers_answers_for_varied_copies(mnist):
    train = mnist.train.take(40)
    recipe = replace(digits_relu_distilled.RECIPE, copies=3)
    lessons, hard = recipe.lessons(train), replace(recipe, temperature=1.0).lessons(train)
    assert lessons.images.shape == (120, 28, 28)
    assert not np.array_equal(lessons.images[:40], lessons.images[40:80])
    np.testing.assert_allclose(lessons.targets.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(hard.targets, pl.load("digits-conv")(lessons.images), atol=1e-5)
    assert lessons.targets.max(axis=1).mean() < hard.targets.max(axis=1).mean()
    trainer = recipe.trainer(lessons, 0)
    assert trainer.augment is None
    trainer.take_steps(3)


def test_a_recipe_without_a_teacher_has_the_labels(mnist):
    train = mnist.train.take(20)
    assert digits_relu.RECIPE.lessons(train) is train
