"""Trains one arm with one seed: `python -m stages.train ARM SEED`."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from ablation.cli import run
from ablation.config.arm import ArmConfig
from ablation.files import read_config, replacing, write_json
from ablation.progress import Notebook, Progress
from ablation.threads import limit


def main() -> None:
    name, seed = sys.argv[1], int(sys.argv[2])
    key = f"{name}-{seed}"
    config = Path(f"configs/arms/{name}.yaml")
    arm = read_config(config, ArmConfig)
    limit(arm.train.threads)
    # Only now, since a framework reads its number of threads when it is imported.
    from ablation import checkpoints, inspection, training

    sets = Path("data/sets") / arm.input.set
    images, labels = sets / "train_images.npy", sets / "train_labels.npy"
    split = Path(f"data/split/{seed}.npz")
    # DVC empties a stage's outputs before it runs it, so what a run resumes from lies elsewhere.
    scratch = Path(os.environ.get("DVC_ROOT", ".")) / ".scratch"
    identity = checkpoints.identity([config, images, labels, split, *_code()], seed)
    checkpoint = scratch / "runs" / key / identity / "state.npz"
    notebook = Notebook(scratch / "progress" / f"{key}.json")
    with np.load(split) as parts:
        data = training.Images(
            np.load(images, mmap_mode="r"),
            np.load(labels),
            parts[f"{arm.input.set}_training"],
            parts[f"{arm.input.set}_validation"],
        )
    weights = None
    if arm.model.pretrained:
        with np.load(f"data/raw/{arm.model.pretrained}.npz") as arrays:
            weights = dict(arrays)

    def report(progress: Progress) -> None:
        notebook.note(progress)
        if progress.epoch_ended:
            print(progress, flush=True)

    if checkpoint.exists():
        print(f"{key}  goes on from {checkpoint}", flush=True)
    trained = training.train(
        training.network(arm, seed, weights), arm, seed, data, checkpoint, key, report
    )

    history = pd.DataFrame(trained.history).melt("epoch", var_name="metric")
    results = Path(f"models/histories/{key}")
    results.mkdir(parents=True, exist_ok=True)
    history.sort_values(["epoch", "metric"]).to_csv(results / "history.csv", index=False)
    pd.DataFrame(inspection.layers(trained.model)).to_csv(results / "layers.csv", index=False)
    write_json(
        results / "run.json",
        {
            "images_per_second": trained.images_per_second,
            "parameters": trained.model.count_params(),
        },
    )
    with replacing(Path(f"models/networks/{key}.keras")) as temporary:
        inspection.without_training_state(trained.model).save(temporary)
    shutil.rmtree(checkpoint.parent, ignore_errors=True)


def _code() -> list[Path]:
    """The project's modules that training has imported: other code, other checkpoint."""
    files = [
        getattr(m, "__file__", None) for n, m in sys.modules.items() if n.startswith("ablation")
    ]
    return sorted(Path(file) for file in files if file)


if __name__ == "__main__":
    run("train", main)
