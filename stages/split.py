"""Splits each data set into training and validation, once for each seed."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.cli import run
from ablation.composition.config import DataConfig
from ablation.files import read_config, replacing
from ablation.study.config import StudyConfig
from ablation.training.split import stratified

SETS = Path("data/sets")


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    data = read_config(Path("configs/data.yaml"), DataConfig)
    for seed in study.seeds:
        parts: dict[str, NDArray[np.int64]] = {}
        for stream, name in enumerate(("modified", "mnist")):
            labels = np.load(SETS / name / "train_labels.npy")
            training, validation = stratified(
                labels, data.validation_fraction, np.random.default_rng([seed, stream])
            )
            parts |= {f"{name}_training": training, f"{name}_validation": validation}
        with replacing(Path(f"data/split/{seed}.npz")) as temporary:
            np.savez(temporary, allow_pickle=False, **parts)
    print(f"split: {len(study.seeds)} seeds, {data.validation_fraction:.0%} for validation")


if __name__ == "__main__":
    run("split", main)
