"""The 784-16-16-10 network with ReLU, which learns the answers of `digits-conv` for varied images.

It begins with 32 and 24 neurons in its hidden layers, and loses them one by one. ``docs/distillation.md`` says what
each part of the recipe is worth.
"""

from pellucid.layers import Dense
from pellucid.models.recipe import Narrowing, Recipe, main
from pellucid.training.augmentation import Augment
from pellucid.training.optimizers import Adam
from pellucid.training.schedules import Cosine, WarmUp

RECIPE = Recipe(
    name="digits-relu-distilled",
    layers=(Dense(16, "relu", "orthogonal"), Dense(16, "relu", "orthogonal"), Dense(10, "softmax", "orthogonal")),
    optimizer=Adam(WarmUp(0.004, epochs=0.03, then=Cosine(0.004))),
    batch_size=64,
    epochs=2,
    augment=Augment(shift=0.6, rotation=6.0, scale=0.05, shear=0.05, elastic=0.5, elastic_sigma=4.0),
    teacher="digits-conv",
    temperature=2.0,
    copies=48,
    narrowing=Narrowing(hidden=(32, 24), rate=0.004, epochs=16 / 48, between=2 / 48),
    description="784-16-16-10, ReLU, Adam, on the answers of digits-conv for varied copies of the training images",
)

if __name__ == "__main__":
    main(RECIPE)
