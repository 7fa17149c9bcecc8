"""The 784-16-16-10 network with sigmoid, which learns the answers of `digits-conv` for varied images."""

from dataclasses import replace

from pellucid.layers import Dense
from pellucid.models import digits_relu_distilled
from pellucid.models.recipe import Narrowing, main
from pellucid.training.optimizers import Adam
from pellucid.training.schedules import Cosine, WarmUp

RECIPE = replace(
    digits_relu_distilled.RECIPE,
    name="digits-sigmoid-distilled",
    layers=(Dense(16, "sigmoid"), Dense(16, "sigmoid"), Dense(10, "softmax")),
    optimizer=Adam(WarmUp(0.012, epochs=0.03, then=Cosine(0.012))),
    narrowing=Narrowing(hidden=(32, 24), rate=0.012, epochs=16 / 48, between=2 / 48),
    description="784-16-16-10, sigmoid, Adam, on the answers of digits-conv for varied copies of the training images",
)

if __name__ == "__main__":
    main(RECIPE)
