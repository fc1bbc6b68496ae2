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
    """Writes numbers, labels and the images after each input layer."""
    framework.start(arm.train)
    from ablation.networks import architectures
    from ablation.reporting.input_steps import input_steps

    folder = TRAIN / arm.input.set
    images, labels = read_npy(folder / "images.npy", mmap=True), read_npy(folder / "labels.npy")
    # The paper's image numbers, at the same share of a smaller study's images.
    numbers = np.array([max(1, round(n / PAPER_IMAGES * len(images))) for n in figure.images])
    steps = input_steps(architectures.input_layers(arm), images[numbers - 1])
    arrays = {"numbers": numbers, "labels": labels[numbers - 1], "steps": np.array(list(steps))}
    arrays |= {f"step_{step}": values for step, values in steps.items()}
    write_npz(OUT / f"{name}.npz", arrays, compressed=True)


if __name__ == "__main__":
    run("samples", main)
