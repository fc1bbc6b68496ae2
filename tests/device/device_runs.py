"""The driver in a fresh process under JAX: `python -m tests.device.device_runs OUT`.

Trains tiny runs by the study's own loop and by the driver's, the latter also with a break and with
several seeds at once, and writes OUT, a JSON file of name -> {history, weights}.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ablation.training.config import ArmConfig
from ablation.training.epochs import Images
from ablation.training.framework import limit

SEEDS = (0, 1, 5)
TOGETHER = ("nesterov", "fresh")  # the arms of which several seeds train at once


def fresh_images(seed: int) -> Callable[[int, int], tuple[np.ndarray, np.ndarray]]:
    """Noise of each epoch's own: what a run is fed does not ask what it shows."""

    def images(epoch: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([seed, epoch])
        labels = rng.integers(0, 10, count).astype(np.uint8)
        return rng.integers(0, 256, (count, 12, 12)).astype(np.uint8), labels

    return images


def main() -> None:
    arms = {
        name: ArmConfig(**arm) for name, arm in json.loads(Path(sys.argv[1]).read_text()).items()
    }
    limit(1)
    import keras

    from ablation.training import loop
    from device import training as driver

    rng = np.random.default_rng(0)
    numbers = rng.permutation(64)
    images = rng.integers(0, 256, (64, 12, 12)).astype(np.uint8)
    labels = rng.integers(0, 10, 64).astype(np.uint8)
    fixed = Images(images, labels, numbers[:50], numbers[50:])

    def data(arm: ArmConfig, seed: int) -> Images:
        return replace(fixed, fresh=fresh_images(seed)) if arm.train.fresh_images else fixed

    results: dict[str, Any] = {}

    def runs(arm: ArmConfig, *seeds: int) -> list[driver.Run]:
        return [
            driver.Run(f"tiny-{s}", s, architectures.build(arm, s, None), data(arm, s))
            for s in seeds
        ]

    def note(name: str, trained: Any) -> None:
        weights = [keras.ops.convert_to_numpy(v.value) for v in trained.model.variables]
        results[name] = {
            "history": trained.history,
            "weights": [array.astype(np.float64).ravel().tolist() for array in weights],
        }

    def own(arm: ArmConfig, seed: int, folder: Path) -> Any:
        model, checkpoint = architectures.build(arm, seed, None), folder / "own.npz"
        return loop.train(model, arm, seed, data(arm, seed), checkpoint, "tiny", lambda _: None)

    def driven(arm: ArmConfig, seeds: Sequence[int], folder: Path, left: Any = lambda: 1e9) -> Any:
        return driver.train(runs(arm, *seeds), arm, folder, lambda _: None, left)

    def broken(arm: ArmConfig, seeds: Sequence[int], folder: Path) -> Any:
        asked = iter([1e9, 1e9, -1.0])  # two epochs, then the time is up
        try:
            driven(arm, seeds, folder, lambda: next(asked))
        except driver.OutOfTimeError:
            return driven(arm, seeds, folder)
        raise AssertionError("the driver ignored that its time was up")

    for name, arm in arms.items():
        with tempfile.TemporaryDirectory() as place:
            alone, stopped = Path(place) / "alone", Path(place) / "stopped"
            note(f"{name} own", own(arm, 0, Path(place)))
            note(f"{name} driven", driven(arm, [0], alone)[0])
            note(f"{name} broken", broken(arm, [0], stopped)[0])
    # Three seeds at once: each as it is alone.
    for name in TOGETHER:
        with tempfile.TemporaryDirectory() as place:
            whole = driven(arms[name], SEEDS, Path(place) / "whole")
            parts = broken(arms[name], SEEDS, Path(place) / "parts")
            for seed, together, resumed in zip(SEEDS, whole, parts, strict=True):
                alone = driven(arms[name], [seed], Path(place) / str(seed))
                note(f"{name} seed {seed} alone", alone[0])
                note(f"{name} seed {seed} together", together)
                note(f"{name} seed {seed} broken", resumed)
    Path(sys.argv[2]).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
