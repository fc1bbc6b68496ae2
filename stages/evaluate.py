"""Judges one trained run on training, validation and test: `python -m stages.evaluate ARM SEED`.

Where a test set has no labels, as the competition's, there are predictions and no test metrics. A
person's external test set is judged by every run that takes images of its size.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.base.cli import run
from ablation.base.files import read_config, replacing, write_json
from ablation.evaluation.config import EvaluationConfig
from ablation.evaluation.metrics import accuracy, macro_f1, probabilities, wilson
from ablation.training import framework
from ablation.training.config import ArmConfig
from ablation.training.inputs import Inputs, dependencies

OWN, SETS = Path("data/own/external"), Path("data/sets")


def main() -> None:
    name, seed = sys.argv[1], int(sys.argv[2])
    inputs = Inputs(dependencies(Path("dvc.yaml"), "evaluate", {"arm": name, "seed": str(seed)}))
    arm = read_config(Path(f"configs/arms/{name}.yaml"), ArmConfig)
    config = read_config(Path("configs/evaluation.yaml"), EvaluationConfig)
    framework.start(arm.train)
    from ablation.networks import architectures

    model = architectures.load(Path(f"models/networks/{name}-{seed}.keras"), arm, seed)
    train, test = (SETS / part / arm.input.set for part in ("train", "test"))
    images = np.load(train / "images.npy", mmap_mode="r")
    labels = np.load(train / "labels.npy")
    with np.load(f"data/split/{seed}.npz") as split:
        # In the file's order, which reads faster.
        training = np.sort(split[f"{arm.input.set}_training"][: arm.train.images])
        validation = np.sort(split[f"{arm.input.set}_validation"])
    parts: dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8] | None]] = {
        "train": (images[training], labels[training]),
        "validation": (images[validation], labels[validation]),
        "test": _labelled(test),
    }
    if (OWN / "images.npy").exists():
        external = _labelled(OWN)
        side = external[0].shape[1]
        if side == arm.image_size:
            parts["external"] = external
        else:
            print(
                f"evaluate: {name}-{seed}  no external accuracy: the network takes images of "
                f"{arm.image_size} px and the external ones have {side} px"
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

    out = Path(f"models/evaluations/{name}-{seed}")
    write_json(out / "metrics.json", metrics)
    with replacing(out / "predictions.npz") as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **predictions)
    inputs.refuse_change("evaluation")
    told = [
        f"{part} accuracy {metrics[f'{part}_accuracy']:.4f}"
        for part in ("validation", "test", "external")
        if f"{part}_accuracy" in metrics
    ]
    print(f"evaluate: {name}-{seed}  {', '.join(told)}")


def _labelled(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Images and their labels, which the competition's test images lack."""
    labels = folder / "labels.npy"
    images = np.load(folder / "images.npy", mmap_mode="r")
    return images, np.load(labels) if labels.exists() else None


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
    run("evaluate", main)
