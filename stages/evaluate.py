"""Judges one trained run on training, validation and test images.

Where a test set has no labels, as the competition's, there are predictions and no test metrics. A
person's external test set is judged by every run that takes images of its size.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.base import cli
from ablation.base.arrays import read_labelled, read_split
from ablation.base.errors import UserError
from ablation.base.files import read_config, replacing, write_json
from ablation.evaluation.config import EvaluationConfig
from ablation.evaluation.metrics import accuracy, macro_f1, probabilities, wilson
from ablation.training import framework
from ablation.training.config import ArmConfig
from ablation.training.inputs import Inputs, dependencies

OWN, SETS = Path("data/own/external"), Path("data/sets")


def main(arm: str, seed: int) -> None:
    key = f"{arm}-{seed}"
    inputs = Inputs(dependencies(Path("dvc.yaml"), "evaluate", {"arm": arm, "seed": str(seed)}))
    run = read_config(Path(f"configs/arms/{arm}.yaml"), ArmConfig)
    config = read_config(Path("configs/evaluation.yaml"), EvaluationConfig)
    framework.start(run.train)
    from ablation.networks import architectures

    model = architectures.load(Path(f"models/networks/{key}.keras"), run, seed, f"train@{key}")
    data_set = run.input.set
    images, labels = read_labelled(SETS / "train" / data_set)
    if labels is None:
        raise UserError(
            f"{SETS / 'train' / data_set} has no labels.npy; run `dvc repro preprocess`"
        )
    training, validation = read_split(Path(f"data/split/{seed}.npz"), data_set)
    # In the file's order, which reads faster.
    training, validation = np.sort(training[: run.train.images]), np.sort(validation)
    parts: dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8] | None]] = {
        "train": (images[training], labels[training]),
        "validation": (images[validation], labels[validation]),
        "test": read_labelled(SETS / "test" / data_set),
    }
    if (OWN / "images.npy").exists():
        external = read_labelled(OWN)
        side = external[0].shape[1]
        if side == run.image_size:
            parts["external"] = external
        else:
            print(
                f"evaluate: {key}  no external accuracy: the network takes images of "
                f"{run.image_size} px and the external ones have {side} px"
            )
    metrics: dict[str, float] = {}
    predictions = {}
    for part, (part_images, part_labels) in parts.items():
        logits = model.predict(part_images, batch_size=config.batch_size, verbose=0)
        predictions[part] = logits.argmax(axis=1).astype(np.uint8)
        if part == "test":  # for a vote of several runs, and for the images that are hardest
            predictions["test_probabilities"] = probabilities(logits).astype(np.float16)
        if part_labels is not None:
            metrics |= _metrics(part, part_labels, predictions[part])

    out = Path(f"models/evaluations/{key}")
    write_json(out / "metrics.json", metrics)
    with replacing(out / "predictions.npz") as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **predictions)
    inputs.refuse_change("evaluation")
    told = [
        f"{part} accuracy {metrics[f'{part}_accuracy']:.4f}"
        for part in ("validation", "test", "external")
        if f"{part}_accuracy" in metrics
    ]
    print(f"evaluate: {key}  {', '.join(told)}")


def _metrics(
    part: str, labels: NDArray[np.uint8], predictions: NDArray[np.uint8]
) -> dict[str, float]:
    metrics = {f"{part}_accuracy": accuracy(labels, predictions), f"{part}_images": len(labels)}
    if part == "test":
        metrics["test_macro_f1"] = macro_f1(labels, predictions)
    if part == "external":
        correct = int(np.sum(labels == predictions))
        metrics["external_low"], metrics["external_high"] = wilson(correct, len(labels))
    return metrics


if __name__ == "__main__":
    cli.run("evaluate", main, arm=str, seed=cli.seed)
