"""The 784-16-16-10 network with ReLU, trained with Adam and augmentation."""

from pellucid.layers import Dense
from pellucid.models.recipe import Recipe, main
from pellucid.training.augmentation import Augment
from pellucid.training.optimizers import Adam
from pellucid.training.schedules import Cosine, WarmUp

RECIPE = Recipe(
    name="digits-relu",
    layers=(Dense(16, "relu", "orthogonal"), Dense(16, "relu", "orthogonal"), Dense(10, "softmax", "orthogonal")),
    optimizer=Adam(WarmUp(0.004, epochs=2, then=Cosine(0.004))),
    batch_size=64,
    epochs=120,
    augment=Augment(shift=0.6, rotation=6.0, scale=0.05, elastic=0.5, elastic_sigma=4.0),
    description="784-16-16-10, ReLU, Adam, every image shifted, turned, scaled and bent a little each time it is seen",
)

if __name__ == "__main__":
    main(RECIPE)
