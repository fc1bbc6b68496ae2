"""Two training steps of each arm under the backend that KERAS_BACKEND names.

`python -m tests.training.one_step FOLDER OUT`: reads FOLDER/arms.json (name -> resolved arm of two
epochs of one step). The first backend to run leaves each arm's initial weights in FOLDER, the next
starts from them. Writes OUT, a JSON file of name -> [loss of the first step, loss of the second].
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from ablation.training.config import ArmConfig
from ablation.training.framework import limit


def main() -> None:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    limit(1)
    arms = json.loads((folder / "arms.json").read_text())
    out.write_text(json.dumps({n: losses(folder, n, ArmConfig(**a)) for n, a in arms.items()}))


def losses(folder: Path, name: str, arm: ArmConfig) -> list[float]:
    """The second loss is taken after the first step's update, so it tells of the gradients too."""
    # A framework reads its number of threads when it is imported.
    from ablation.networks import architectures
    from ablation.training import loop

    model = architectures.build(arm, 0, None)
    weights = folder / f"{name}.npz"
    if weights.exists():
        with np.load(weights) as stored:
            model.set_weights([stored[key] for key in stored.files])
    else:
        np.savez(weights, *model.get_weights())
    batch = arm.train.batch_size
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (batch, arm.image_size, arm.image_size)).astype(np.uint8)
    labels = rng.integers(0, 10, batch).astype(np.uint8)
    data = loop.Images(images, labels, np.arange(batch), np.arange(batch))
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / "state.npz"
        trained = loop.train(model, arm, 0, data, checkpoint, lambda _: None)
    return [row["running_loss"] for row in trained.history]


if __name__ == "__main__":
    main()
