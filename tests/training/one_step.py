"""Two training steps of each arm under a backend: `python -m tests.training.one_step ARMS OUT`.

Reads ARMS, a JSON file of name -> resolved arm of two epochs of one step, and writes OUT, one of
name -> {weights, losses}: the digest of the initial weights, the loss of the first step and of the
second.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from ablation.training.epochs import Images

from ablation.training import framework
from ablation.training.config import ArmConfig


def main() -> None:
    arms = {n: ArmConfig(**arm) for n, arm in json.loads(Path(sys.argv[1]).read_text()).items()}
    framework.start(next(iter(arms.values())).train)
    Path(sys.argv[2]).write_text(json.dumps({name: steps(arm) for name, arm in arms.items()}))


def steps(arm: ArmConfig) -> dict[str, Any]:
    """The second loss is taken after the first step's update, so it tells of the gradients too."""
    # A framework reads its number of threads when it is imported.
    from ablation.networks import architectures
    from ablation.training import loop

    model = architectures.build(arm, 0, None)
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
    batch = arm.train.batch_size
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (batch, arm.image_size, arm.image_size)).astype(np.uint8)
    labels = rng.integers(0, 10, batch).astype(np.uint8)
    data = Images(images, labels, np.arange(batch), np.arange(batch))
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / "state.npz"
        trained = loop.train(model, arm, 0, data, checkpoint, lambda _: None)
    losses = [row["running_loss"] for row in trained.history]
    return {"weights": digest.hexdigest(), "losses": losses}


if __name__ == "__main__":
    main()
