"""What the tests of the driver ask of a fresh process under JAX: `python -m tests.device_runs OUT`.

Trains tiny runs by the study's own loop and by the driver's, the latter also with a break, and
writes OUT, a JSON file of name -> {history, weights}.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ablation.config.arm import ArmConfig
from ablation.threads import limit


def main() -> None:
    arms = {
        name: ArmConfig(**arm) for name, arm in json.loads(Path(sys.argv[1]).read_text()).items()
    }
    limit(1)
    import keras

    from ablation import training
    from device import training as driver

    rng = np.random.default_rng(0)
    numbers = rng.permutation(64)
    images = rng.integers(0, 256, (64, 12, 12)).astype(np.uint8)
    labels = rng.integers(0, 10, 64).astype(np.uint8)
    data = training.Images(images, labels, numbers[:50], numbers[50:])
    results: dict[str, Any] = {}

    def run(name: str, arm: ArmConfig, train: Callable[[Any, Path], Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            trained = train(training.network(arm, 0, None), Path(folder) / "state.npz")
        weights = [keras.ops.convert_to_numpy(v.value) for v in trained.model.variables]
        results[name] = {
            "history": trained.history,
            "weights": [array.astype(np.float64).ravel().tolist() for array in weights],
        }

    for name, arm in arms.items():

        def own(model: Any, checkpoint: Path, arm: ArmConfig = arm) -> Any:
            return training.train(model, arm, 0, data, checkpoint, "tiny", lambda _: None)

        def driven(
            model: Any, checkpoint: Path, arm: ArmConfig = arm, left: Any = lambda: 1e9
        ) -> Any:
            return driver.train(model, arm, 0, data, checkpoint, "tiny", lambda _: None, left)

        def broken(model: Any, checkpoint: Path, arm: ArmConfig = arm) -> Any:
            asked = iter([1e9, 1e9, -1.0])  # two epochs, then the time is up
            try:
                driven(model, checkpoint, arm, lambda: next(asked))
            except driver.OutOfTimeError:
                return driven(training.network(arm, 0, None), checkpoint, arm)
            raise AssertionError("the driver ignored that its time was up")

        run(f"{name} own", arm, own)
        run(f"{name} driven", arm, driven)
        run(f"{name} broken", arm, broken)
    Path(sys.argv[2]).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
