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

SECOND = Recipe(
    name="digits-conv",
    layers=conv(),
    optimizer=Adam(WarmUp(0.001, epochs=1, then=Cosine(0.001))),
    batch_size=64,
    epochs=12,
    seeds=3,
    augment=Augment(shift=1.2, rotation=9.0, scale=0.09, shear=0.12, elastic=0.6, elastic_sigma=4.0),
    description="four convolutions and a dense layer, ReLU, dropout, Adam; after 16 epochs of MNIST on digits in other "
    "styles, stretched, slanted, thick, thin, coarse and noisy, drawn by formula, and of fonts",
)
"""The second stage, for other writers; ``tools/train_conv.py`` draws its images."""

if __name__ == "__main__":
    main(RECIPE)
