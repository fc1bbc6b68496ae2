"""Splits each data set into training and validation, once for each seed (paper, section 2)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation import streams
from ablation.base.arrays import read_npy, write_npz
from ablation.base.cli import run
from ablation.base.files import read_config
from ablation.composition.config import DataConfig
from ablation.study.config import StudyConfig

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


def stratified(
    labels: NDArray[np.uint8], fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Disjoint training and validation image numbers that together are all of `labels`.

    Each label gives `fraction` of its images to validation, rounded so that validation holds
    round(fraction * n) images in all (largest remainders first). Both are in random order.

    Args:
        labels: (n,) labels.
        fraction: validation's share, between 0 and 1.

    Returns:
        training (n - m,) and validation (m,) image numbers, int64.
    """
    total = round(fraction * len(labels))
    values, counts = np.unique(labels, return_counts=True)
    shares = fraction * counts
    quota = np.floor(shares).astype(int)
    remainders = np.argsort(quota - shares, kind="stable")
    quota[remainders[: total - quota.sum()]] += 1
    validation, training = [], []
    for value, count in zip(values, quota, strict=True):
        members = rng.permutation(np.flatnonzero(labels == value))
        validation.append(members[:count])
        training.append(members[count:])
    return (
        rng.permutation(np.concatenate(training)).astype(np.int64),
        rng.permutation(np.concatenate(validation)).astype(np.int64),
    )


if __name__ == "__main__":
    run("split", main)
