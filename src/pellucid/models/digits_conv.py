"""The network with the best accuracy on digits: four small convolutions, dropout, augmentation."""

from pellucid.models.architectures import conv
from pellucid.models.recipe import Recipe, main
from pellucid.training.augmentation import Augment
from pellucid.training.optimizers import Adam
from pellucid.training.schedules import Cosine, WarmUp

RECIPE = Recipe(
    name="digits-conv",
    layers=conv(),
    optimizer=Adam(WarmUp(0.002, epochs=2, then=Cosine(0.002))),
    batch_size=64,
    epochs=16,
    seeds=3,
    augment=Augment(shift=1.5, rotation=10.0, scale=0.1, shear=0.15, elastic=0.7, elastic_sigma=4.0),
    description="four convolutions and a dense layer, ReLU, dropout, Adam, every image shifted, turned, scaled, "
    "sheared and bent each time it is seen",
)

if __name__ == "__main__":
    main(RECIPE)
