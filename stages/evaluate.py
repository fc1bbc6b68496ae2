"""Judges one trained run on training, validation and test: `python -m stages.evaluate ARM SEED`.

Where a test set has no labels, as the competition's, there are predictions and no test metrics. A
person's external test set is judged by every run that takes images of its size.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.cli import run
from ablation.evaluation.config import EvaluationConfig
from ablation.evaluation.metrics import accuracy, macro_f1, wilson
from ablation.files import read_config, replacing, write_json
from ablation.training.config import ArmConfig
from ablation.training.framework import limit
from ablation.training.split import measured

OWN = Path("data/own/external")
PAPER_IMAGES = 50_000  # the numbers of figure 3's images count these (section 2)


def main() -> None:
    name, seed = sys.argv[1], int(sys.argv[2])
    arm = read_config(Path(f"configs/arms/{name}.yaml"), ArmConfig)
    config = read_config(Path("configs/evaluation.yaml"), EvaluationConfig)
    limit(arm.train.threads)
    import keras

    # Names the project's own layers for Keras, which loads them by name.
    from ablation.networks import (
        batch_normalization,  # noqa: F401
        input_layers,  # noqa: F401
        summary,
    )

    model = keras.saving.load_model(f"models/networks/{name}-{seed}.keras", compile=False)
    sets = Path("data/sets") / arm.input.set
    images = np.load(sets / "train_images.npy", mmap_mode="r")
    labels = np.load(sets / "train_labels.npy")
    with np.load(f"data/split/{seed}.npz") as split:
        training = split[f"{arm.input.set}_training"][: arm.train.images]
        training = measured(training, arm.train.measured_images)
        validation = np.sort(split[f"{arm.input.set}_validation"])
    parts: dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8] | None]] = {
        "train": (images[training], labels[training]),
        "validation": (images[validation], labels[validation]),
        "test": _labelled(sets / "test_images.npy", sets / "test_labels.npy"),
    }
    if (OWN / "images.npy").exists():
        external = _labelled(OWN / "images.npy", OWN / "labels.npy")
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
        if part_labels is not None:
            metrics |= _metrics(part, part_labels, predictions[part])

    out = Path(f"models/evaluations/{name}-{seed}")
    write_json(out / "metrics.json", metrics)
    with replacing(out / "predictions.npz") as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **predictions)
    # The paper's image numbers, at the same share of a smaller study's images.
    numbers = np.array(
        [max(1, round(n / PAPER_IMAGES * len(images))) for n in config.sample_images]
    )
    steps = summary.input_steps(model, images[numbers - 1])
    with replacing(out / "samples.npz") as temporary:
        np.savez_compressed(
            temporary,
            allow_pickle=False,
            numbers=numbers,
            labels=labels[numbers - 1],
            steps=np.array(list(steps)),
            **{f"step_{step}": values for step, values in steps.items()},
        )
    told = [
        f"{part} accuracy {metrics[f'{part}_accuracy']:.4f}"
        for part in ("validation", "test", "external")
        if f"{part}_accuracy" in metrics
    ]
    print(f"evaluate: {name}-{seed}  {', '.join(told)}")


def _labelled(images: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Images and their labels, which the competition's test images lack."""
    return np.load(images, mmap_mode="r"), np.load(labels) if labels.exists() else None


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
