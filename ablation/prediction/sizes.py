"""Which images a network takes."""

from __future__ import annotations

from ablation.networks.config import CnnConfig, NetworkConfig

LARGEST = 1024  # px; beyond it an image takes gigabytes


def sides(network: NetworkConfig) -> range:
    """The sides of the images that a network takes, in px.

    A network without dense layers on flattened maps looks for digits at every place, so it takes
    larger images than it was trained on.
    """
    model = network.model
    anywhere = isinstance(model, CnnConfig) and model.head != "dense" and not network.input.pad
    return range(network.image_size, (LARGEST if anywhere else network.image_size) + 1)
