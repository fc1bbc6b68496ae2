"""Puts a few images through an arm's input layers: `python -m stages.samples`.

Nothing trains. Each figure of the kind `augmentation` has a file.
"""

import shutil
from pathlib import Path

import numpy as np

from ablation.base.arrays import read_npy, write_npz
from ablation.base.cli import run
from ablation.base.files import read_config
from ablation.reporting.config import AugmentationFigure, DeclaredFigure
from ablation.training import framework
from ablation.training.config import ArmConfig

CONFIGS, OUT, TRAIN = Path("configs"), Path("data/samples"), Path("data/sets/train")
# The input layers that are shown, by their names in the network.
STEPS = ("scaled", "downscaled", "thresholded", "padded")
PAPER_IMAGES = 50_000  # the numbers of figure 3's images count these (section 2)


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    shown = []
    for path in sorted((CONFIGS / "figures").glob("*.yaml")):
        figure = read_config(path, DeclaredFigure).figure
        if isinstance(figure, AugmentationFigure):
            arm = read_config(CONFIGS / f"arms/{figure.arms[0]}.yaml", ArmConfig)
            show(path.stem, figure, arm)
            shown.append(path.stem)
    print(f"samples: {', '.join(shown) or 'no figure needs any'}")


def show(name: str, figure: AugmentationFigure, arm: ArmConfig) -> None:
    """Writes numbers, labels and what each input layer makes of the images, `raw` first.

    Each `step_NAME` is (k, height, width) float32: raw 0..255, the others 0..1.
    """
    framework.start(arm.train)
    import keras

    from ablation.networks import architectures

    folder = TRAIN / arm.input.set
    images, labels = read_npy(folder / "images.npy", mmap=True), read_npy(folder / "labels.npy")
    # The paper's image numbers, at the same share of a smaller study's images.
    numbers = np.array([max(1, round(n / PAPER_IMAGES * len(images))) for n in figure.images])
    model, raw = architectures.input_layers(arm), images[numbers - 1]
    steps = {"raw": raw.astype(np.float32)}
    for step in STEPS:
        if step in {layer.name for layer in model.layers}:
            part = keras.Model(model.input, model.get_layer(step).output)
            steps[step] = np.asarray(keras.ops.convert_to_numpy(part(raw)), np.float32)[..., 0]
    arrays = {"numbers": numbers, "labels": labels[numbers - 1], "steps": np.array(list(steps))}
    arrays |= {f"step_{step}": values for step, values in steps.items()}
    write_npz(OUT / f"{name}.npz", arrays)


if __name__ == "__main__":
    run("samples", main)
