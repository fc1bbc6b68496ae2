"""Trains one arm with one seed, and keeps its network's predictions.

A run that the last commit has, made of the same inputs, is taken from there. Where models/networks
has a network of the same training, it only predicts: so a change of the code that judges, or
another test set, costs seconds. Networks are in neither git nor DVC. An interrupted run resumes
from its last checkpoint.
"""

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ablation.base import cli
from ablation.base.arrays import halved, read_npy, read_npz, read_split, write_npz
from ablation.base.files import read_config, read_json, write_bytes, write_json
from ablation.monitoring import provenance
from ablation.monitoring.provenance import read_committed
from ablation.training import framework
from ablation.training.config import ArmConfig
from ablation.training.inputs import Inputs, dependencies, identity

if TYPE_CHECKING:
    from ablation.training.loop import Images

RAW, SETS, EXTERNAL = Path("data/raw"), Path("data/sets"), Path("data/own/external")
# The dependencies that judge a network and have no part in its training.
JUDGING = ("ablation/evaluation/answers.py", "data/own/external", "data/sets/test")


def main(arm: str, seed: int) -> None:
    key = f"{arm}-{seed}"
    inputs = Inputs(dependencies(Path("dvc.yaml"), "train", {"arm": arm, "seed": str(seed)}))
    config = read_config(Path(f"configs/arms/{arm}.yaml"), ArmConfig)
    run, record = Path(f"models/runs/{key}"), Path(f"models/provenance/{key}.json")
    committed = read_committed(run, record)
    if committed and committed.made_of(inputs.digests):
        print(f"{key}  is in the last commit, made of the same inputs, and taken from there")
        for path, content in committed.files.items():
            write_bytes(path, content)
        return
    framework.start(config.train)
    # Only now, since these import Keras.
    from ablation.evaluation.answers import answers
    from ablation.networks import architectures

    root = Path(os.environ.get("DVC_ROOT", "."))
    same = f"{identity(inputs.without(*JUDGING))}-{framework.versions()}"
    network = root / "models" / "networks" / key / same
    if (network / "network.keras").exists():  # written last
        print(f"{key}  was trained here before: its network only predicts", flush=True)
    else:
        checkpoint = root / ".scratch" / "runs" / key / same / "state.npz"
        if checkpoint.exists():
            print(f"{key}  resumes from {checkpoint}", flush=True)
        elif committed:
            changed = committed.differences(config.model_dump(mode="json"), inputs.digests)
            print(
                f"{key}  trains again, since its network is not here and these changed: "
                f"{'; '.join(changed)}",
                flush=True,
            )
        train(key, config, seed, inputs, checkpoint, network)
    model = architectures.load(network / "network.keras")
    shutil.rmtree(run, ignore_errors=True)  # what a kill left there is no output
    for name in ("history.csv", "layers.csv"):
        write_bytes(run / name, (network / name).read_bytes())
    write_npz(run / "answers.npz", answers(model, judged_on(config, seed)), compressed=True)
    inputs.refuse_change()
    made = {"inputs": inputs.digests, "outputs": provenance.outputs(run)}
    write_json(record, {**read_json(network / "record.json"), **made})


def train(
    key: str, config: ArmConfig, seed: int, inputs: Inputs, checkpoint: Path, network: Path
) -> None:
    """Trains the run, from its checkpoint if there is one, and leaves all of it in `network`."""
    from ablation.monitoring.progress import Reporter
    from ablation.networks import architectures
    from ablation.training import loop, results

    started = time.time()
    pretrained = config.model.architecture == "vgg16" and config.model.weights
    weights = read_npz(RAW / "vgg16.npz") if pretrained else None
    model = architectures.build(config, seed, weights)
    reporter = Reporter(key, Path(os.environ.get("DVC_ROOT", ".")))
    trained = loop.train(model, config, seed, read_images(config, seed), checkpoint, reporter)
    inputs.refuse_change()  # else the network would pass for another
    results.write_history(network / "history.csv", trained.history)
    results.write_layers(network / "layers.csv", trained.model)
    circumstances = provenance.describe(
        config.train.backend,
        framework.device(),
        config.train.threads,
        framework.in_force(),
        started,
        trained.seconds,
        trained.images_per_second,
    )
    write_json(network / "record.json", {**circumstances, "arm": config.model_dump(mode="json")})
    results.save(trained.model, network / "network.keras")
    shutil.rmtree(checkpoint.parent)


def read_images(arm: ArmConfig, seed: int) -> "Images":
    """The arm's data set with the seed's split."""
    from ablation.training.loop import Images

    folder = SETS / "train" / arm.input.set
    images, labels = read_npy(folder / "images.npy", mmap=True), read_npy(folder / "labels.npy")
    training, validation = read_split(Path(f"data/split/{seed}.npz"), arm.input.set)
    fresh = None
    if arm.fresh is not None:
        from ablation.composition.compose import composer
        from ablation.composition.config import FreshLayoutConfig
        from ablation.composition.digits import Digits

        mnist = read_npz(RAW / "mnist.npz", ("x_train", "y_train"))
        digits = Digits(mnist["x_train"], mnist["y_train"])
        layout, present = FreshLayoutConfig(**arm.fresh.layout), arm.fresh.labels == "present"
        fresh = composer(layout, digits, present, seed, arm.train.threads)
    return Images(images, labels, training, validation, fresh)


def judged_on(arm: ArmConfig, seed: int) -> dict[str, NDArray[np.uint8]]:
    """Part -> the images that the network predicts, in the order of their files."""
    images = read_npy(SETS / "train" / arm.input.set / "images.npy", mmap=True)
    test = read_npy(SETS / "test" / arm.input.set / "images.npy", mmap=True)
    training, validation = read_split(Path(f"data/split/{seed}.npz"), arm.input.set)
    parts = {
        "train": images[np.sort(training[: arm.train.images])],
        "validation": images[np.sort(validation)],
        "test": test,
    }
    if (EXTERNAL / "images.npy").exists():
        external = read_npy(EXTERNAL / "images.npy", mmap=True)
        if arm.input.set == "modified_128":
            external = halved(external)  # as its own images are
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
