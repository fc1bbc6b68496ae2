"""Trains one arm with one seed, and keeps what its network answers.

Interrupted, it goes on from its last checkpoint when it is run again. The network stays in
models/networks, out of git and of DVC. Where one of the same training is there, it is asked and
nothing trains: so code that judges, or a test set more, costs seconds.
"""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ablation.base import cli
from ablation.base.arrays import read_labelled, read_npz, read_split
from ablation.base.files import read_config, replacing, write_json
from ablation.monitoring import provenance
from ablation.training import framework
from ablation.training.config import ArmConfig
from ablation.training.inputs import Inputs, dependencies, identity

if TYPE_CHECKING:
    from ablation.training.loop import Images

RAW, SETS, EXTERNAL = Path("data/raw"), Path("data/sets"), Path("data/own/external")
# What of the stage's dependencies judges a network and has no part in its training.
JUDGING = ("ablation/evaluation", "data/own/external", "data/sets/test")
# What training leaves beside the network, and is there when all is.
RECORD = "provenance.json"


def main(arm: str, seed: int) -> None:
    key = f"{arm}-{seed}"
    inputs = Inputs(dependencies(Path("dvc.yaml"), "train", {"arm": arm, "seed": str(seed)}))
    config = read_config(Path(f"configs/arms/{arm}.yaml"), ArmConfig)
    framework.start(config.train)
    # Only now, since these import Keras.
    from ablation.evaluation.answers import answers
    from ablation.networks import architectures

    root = Path(os.environ.get("DVC_ROOT", "."))
    same = f"{identity(inputs.without(*JUDGING))}-{framework.versions()}"
    finished = root / "models" / "networks" / key / same
    if (finished / RECORD).exists():
        print(f"{key}  is trained: its network is in models/networks and only answers", flush=True)
    else:
        train(key, config, seed, inputs, root / ".scratch" / "runs" / key / same, finished)
    model = architectures.load(finished / "network.keras", config, seed)
    run = Path(f"models/runs/{key}")
    run.mkdir(parents=True, exist_ok=True)
    for name in ("history.csv", "layers.csv"):
        shutil.copyfile(finished / name, run / name)
    with replacing(run / "answers.npz") as temporary:
        np.savez_compressed(
            temporary, allow_pickle=False, **answers(model, judged_on(config, seed))
        )
    Path("models/provenance").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(finished / RECORD, f"models/provenance/{key}.json")
    inputs.refuse_change()


def train(
    key: str, config: ArmConfig, seed: int, inputs: Inputs, scratch: Path, finished: Path
) -> None:
    """Trains the run, from its checkpoint in `scratch` if any, and leaves it in `finished`."""
    from ablation.monitoring.progress import Reporter
    from ablation.networks import architectures
    from ablation.training import loop, results

    started, arm = time.time(), config.model_dump(mode="json")
    checkpoint = scratch / "state.npz"
    if checkpoint.exists():
        print(f"{key}  goes on from {checkpoint}", flush=True)
    else:
        for told in reasons(key, arm, inputs):
            print(f"{key}  {told}", flush=True)
    weights = read_npz(RAW / f"{config.model.pretrained}.npz") if config.model.pretrained else None
    network = architectures.build(config, seed, weights)
    reporter = Reporter(key, Path(os.environ.get("DVC_ROOT", ".")))
    trained = loop.train(network, config, seed, read_images(config, seed), checkpoint, reporter)
    inputs.refuse_change()
    results.save(trained.model, finished / "network.keras")
    results.write_history(finished / "history.csv", trained.history)
    results.write_layers(finished / "layers.csv", trained.model)
    record = provenance.describe(
        config.train.backend,
        framework.device(),
        config.train.threads,
        framework.in_force(),
        started,
        trained.seconds,
        trained.images_per_second,
    )
    write_json(finished / RECORD, {**record, "arm": arm, "inputs": inputs.without(*JUDGING)})
    shutil.rmtree(scratch.parent, ignore_errors=True)


def reasons(key: str, arm: dict[str, object], inputs: Inputs) -> list[str]:
    """Why a run trains whose results are in the last commit: what of it differs now."""
    try:
        before = json.loads(provenance.git("show", f"HEAD:./models/provenance/{key}.json"))
    except (OSError, subprocess.CalledProcessError):
        return []
    changed = provenance.differences(before, arm, inputs.without(*JUDGING))
    why = f"these changed: {'; '.join(changed)}" if changed else "its network is not here"
    return [
        f"trains again, since {why}",
        f"`git restore --source=HEAD --staged --worktree dvc.lock models/runs/{key} "
        f"models/provenance/{key}.json` has what was committed",
    ]


def read_images(arm: ArmConfig, seed: int) -> "Images":
    """The arm's data set with the seed's split."""
    from ablation.training.loop import Images

    images, labels = read_labelled(SETS / "train" / arm.input.set)
    assert labels is not None  # preprocess leaves them out of test sets alone
    training, validation = read_split(Path(f"data/split/{seed}.npz"), arm.input.set)
    fresh = None
    if arm.fresh is not None:
        from ablation.composition.compose import composer
        from ablation.composition.config import LayoutConfig
        from ablation.composition.digits import Digits

        mnist = read_npz(RAW / "mnist.npz", ("x_train", "y_train"))
        digits = Digits(mnist["x_train"], mnist["y_train"])
        fresh = composer(LayoutConfig(**arm.fresh.layout), digits, seed, arm.train.threads)
    return Images(images, labels, training, validation, fresh)


def judged_on(arm: ArmConfig, seed: int) -> dict[str, NDArray[np.uint8]]:
    """Part -> the images that the network is asked about, in the order of their files."""
    images, _ = read_labelled(SETS / "train" / arm.input.set)
    training, validation = read_split(Path(f"data/split/{seed}.npz"), arm.input.set)
    test, _ = read_labelled(SETS / "test" / arm.input.set)
    parts = {
        "train": images[np.sort(training[: arm.train.images])],
        "validation": images[np.sort(validation)],
        "test": test,
    }
    if (EXTERNAL / "images.npy").exists():
        external, _ = read_labelled(EXTERNAL)
        if external.shape[1] == arm.image_size:
            parts["external"] = external
        else:
            print(
                f"no external accuracy: the network takes images of {arm.image_size} px and the "
                f"external ones have {external.shape[1]} px"
            )
    return parts


if __name__ == "__main__":
    cli.run("train", main, arm=str, seed=cli.seed)
