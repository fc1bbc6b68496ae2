"""Judges one trained run on training, validation and test: `python -m stages.evaluate ARM SEED`."""

import sys
from pathlib import Path

import numpy as np

from ablation.cli import run
from ablation.config.arm import ArmConfig
from ablation.config.study import EvaluationConfig
from ablation.evaluation import accuracy, macro_f1
from ablation.files import read_config, replacing, write_json
from ablation.split import measured
from ablation.threads import limit

PAPER_IMAGES = 50_000  # the numbers of figure 3's images count these (section 2)


def main() -> None:
    name, seed = sys.argv[1], int(sys.argv[2])
    arm = read_config(Path(f"configs/arms/{name}.yaml"), ArmConfig)
    config = read_config(Path("configs/evaluation.yaml"), EvaluationConfig)
    limit(arm.train.threads)
    import keras

    # Names the project's own layers for Keras, which loads them by name.
    from ablation import fused, inspection, layers  # noqa: F401

    model = keras.saving.load_model(f"models/networks/{name}-{seed}.keras", compile=False)
    sets = Path("data/sets") / arm.input.set
    images = np.load(sets / "train_images.npy", mmap_mode="r")
    labels = np.load(sets / "train_labels.npy")
    with np.load(f"data/split/{seed}.npz") as split:
        training = split[f"{arm.input.set}_training"][: arm.train.images]
        training = measured(training, arm.train.measured_images)
        validation = np.sort(split[f"{arm.input.set}_validation"])
    parts = {
        "train": (images[training], labels[training]),
        "validation": (images[validation], labels[validation]),
        "test": (
            np.load(sets / "test_images.npy", mmap_mode="r"),
            np.load(sets / "test_labels.npy"),
        ),
    }
    metrics: dict[str, float] = {}
    predictions = {}
    for part, (part_images, part_labels) in parts.items():
        logits = model.predict(part_images, batch_size=config.batch_size, verbose=0)
        predictions[part] = logits.argmax(axis=1).astype(np.uint8)
        metrics[f"{part}_accuracy"] = accuracy(part_labels, predictions[part])
        metrics[f"{part}_images"] = len(part_labels)
    metrics["test_macro_f1"] = macro_f1(parts["test"][1], predictions["test"])

    out = Path(f"models/evaluations/{name}-{seed}")
    write_json(out / "metrics.json", metrics)
    with replacing(out / "predictions.npz") as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **predictions)
    # The paper's image numbers, at the same share of a smaller study's images.
    numbers = np.array(
        [max(1, round(n / PAPER_IMAGES * len(images))) for n in config.sample_images]
    )
    steps = inspection.input_steps(model, images[numbers - 1])
    with replacing(out / "samples.npz") as temporary:
        np.savez_compressed(
            temporary,
            allow_pickle=False,
            numbers=numbers,
            labels=labels[numbers - 1],
            steps=np.array(list(steps)),
            **{f"step_{step}": values for step, values in steps.items()},
        )
    print(f"evaluate: {name}-{seed}  test accuracy {metrics['test_accuracy']:.4f}")


if __name__ == "__main__":
    run("evaluate", main)
