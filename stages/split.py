"""Splits each data set into training and validation, once for each seed."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation import streams
from ablation.base.arrays import read_npy, write_npz
from ablation.base.cli import run
from ablation.base.files import read_config
from ablation.composition.config import DataConfig
from ablation.study.config import StudyConfig
from ablation.training.split import stratified

TRAIN = Path("data/sets/train")


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    data = read_config(Path("configs/data.yaml"), DataConfig)
    seeds = sorted({*study.seeds, *study.costly_seeds})
    for seed in seeds:
        parts: dict[str, NDArray[np.int64]] = {}
        for folder in sorted(TRAIN.iterdir()):
            name, labels = folder.name, read_npy(folder / "labels.npy")
            training, validation = stratified(
                labels, data.validation_fraction, streams.generator("split", seed, name)
            )
            parts |= {f"{name}_training": training, f"{name}_validation": validation}
        write_npz(Path(f"data/split/{seed}.npz"), parts)
    plural = "s" * (len(seeds) > 1)
    print(f"split: {len(seeds)} seed{plural}, {data.validation_fraction:.0%} for validation")


if __name__ == "__main__":
    run("split", main)
