"""The 784-16-16-10 network with sigmoid, trained by stochastic gradient descent without augmentation."""

from pellucid.layers import Dense
from pellucid.models.recipe import Recipe, main
from pellucid.training.optimizers import SGD
from pellucid.training.schedules import Cosine

RECIPE = Recipe(
    name="digits-sigmoid",
    layers=(Dense(16, "sigmoid"), Dense(16, "sigmoid"), Dense(10, "softmax")),
    optimizer=SGD(Cosine(0.5), decay=1e-4),
    batch_size=32,
    epochs=40,
    description="784-16-16-10, sigmoid, plain gradient descent on the 60,000 training images",
)

if __name__ == "__main__":
    main(RECIPE)
