"""LeNet-5 with ReLU, Adam and augmentation."""

from pellucid.models.architectures import lenet
from pellucid.models.recipe import Recipe, main
from pellucid.training.augmentation import Augment
from pellucid.training.optimizers import Adam
from pellucid.training.schedules import Cosine, WarmUp

RECIPE = Recipe(
    name="digits-lenet",
    layers=lenet(),
    optimizer=Adam(WarmUp(0.002, epochs=2, then=Cosine(0.002))),
    batch_size=64,
    epochs=20,
    seeds=3,
    augment=Augment(shift=1.0, rotation=8.0, scale=0.08, shear=0.1, elastic=0.5, elastic_sigma=4.0),
    description="LeNet-5, ReLU, Adam, every image shifted, turned, scaled, sheared and bent each time it is seen",
)

if __name__ == "__main__":
    main(RECIPE)
