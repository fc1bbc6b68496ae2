"""Keeps the study's best small network in the repository: `python -m runner.ship [--run RUN]`.

`make ship` calls it after `make repro`. Best is the best validation accuracy of the runs whose
network is below `MOST_BYTES`; with a run it is that one, which may be the only one of its scale
that was trained. `make predict` asks that network. What it is, the command that made it and how it
does on images unlike its own stand beside it in `about.json`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ablation.base.arrays import read_npz
from ablation.base.errors import UserError
from ablation.base.files import read_config, read_json, replacing, write_json
from ablation.composition.config import DataConfig, LayoutConfig
from ablation.composition.digits import Digits
from ablation.inputs.own import SIDE as COMPETITION
from ablation.monitoring import provenance
from ablation.prediction.elsewhere import Judged, Predict, judge
from ablation.prediction.sizes import sides
from ablation.study.config import StudyConfig
from ablation.training import framework
from ablation.training.config import ArmConfig
from runner.cores import cores
from runner.keep import GATHERED, HISTORY, RECORDS

MOST_BYTES = 2_000_000
IMAGES = 10_000  # that it is judged on elsewhere; as many as the competition's test set has
MODELS, SHIPPED = Path("models"), Path("models/shipped")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m runner.ship", description=__doc__)
    parser.add_argument("--run", help="ARM-SEED (default: the best by validation accuracy)")
    asked = parser.parse_args().run
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    key, metrics = best(study, asked)
    arm = key.rpartition("-")[0]
    network, config = MODELS / "networks" / f"{key}.keras", Path(f"configs/arms/{arm}.yaml")
    about: dict[str, Any] = {
        "run": key,
        "scale": study.scale,
        "command": command(study.scale, asked),
        "bytes": network.stat().st_size,
        "metrics": metrics,
        "elsewhere": [
            asdict(judged) for judged in elsewhere(network, read_config(config, ArmConfig))
        ],
        "provenance": record(key),
    }
    for source, name in ((network, "network.keras"), (config, "arm.yaml")):
        with replacing(SHIPPED / name) as temporary:
            shutil.copyfile(source, temporary)
    write_json(SHIPPED / "about.json", about)
    print(
        f"{key} is in {SHIPPED}: validation accuracy {metrics['validation_accuracy']:.2%}; "
        "commit it to keep it"
    )


def command(scale: str, run: str | None) -> str:
    """What makes the shipped network in a clone."""
    if run is None:
        return f"make repro SCALE={scale} RETRAIN=1 && make ship"  # restored runs have no network
    return f"dvc exp run -S scale={scale} evaluate@{run} && make ship RUN={run}"


def record(key: str) -> dict[str, Any]:
    """How the run was trained: this machine's record of it, or the one that came with it."""
    known = read_json(GATHERED) if GATHERED.exists() else {}
    history = MODELS / "histories" / key / HISTORY
    return provenance.gather(RECORDS, {key: history}, known)[key]


def best(study: StudyConfig, asked: str | None) -> tuple[str, dict[str, Any]]:
    """The run with the best validation accuracy of those whose network is small, and its metrics.

    Args:
        asked: the one run to take, if it is of them; None for the best.

    Raises:
        UserError: there is none.
    """
    judged: dict[str, dict[str, Any]] = {}
    for arm, seed in study.runs:
        key = f"{arm}-{seed}"
        network = MODELS / "networks" / f"{key}.keras"
        metrics = MODELS / "evaluations" / key / "metrics.json"
        on_modified = study.data_sets[arm] == "modified"
        there = network.exists() and metrics.exists() and asked in (None, key)
        if on_modified and there and network.stat().st_size < MOST_BYTES:
            judged[key] = read_json(metrics)
    if not judged:
        raise UserError(
            f"no trained network{f' of {asked}' if asked else ''} below {MOST_BYTES / 1e6:.0f} MB "
            f"is here; run `{command(study.scale, asked)}`"
        )
    key = max(judged, key=lambda name: judged[name]["validation_accuracy"])
    return key, judged[key]


def elsewhere(path: Path, arm: ArmConfig) -> Iterator[Judged]:
    """How the network does on new images of its size and, if it takes them, the competition's."""
    data = read_config(Path("configs/data.yaml"), DataConfig)
    arrays = read_npz(Path("data/raw/mnist.npz"), ("x_test", "y_test"))
    framework.start(arm.train)
    from ablation.networks import architectures

    def predict(side: int) -> Predict:
        model = architectures.load(path, arm.model_copy(update={"image_size": side}), 0)
        return lambda images: model.predict(images, verbose=0).argmax(axis=1).astype("uint8")

    taken = [side for side in dict.fromkeys((arm.image_size, COMPETITION)) if side in sides(arm)]
    layout = LayoutConfig(**{key: getattr(data, key) for key in LayoutConfig.model_fields})
    digits = Digits(arrays["x_test"], arrays["y_test"])
    for judged in judge(predict, layout, digits, taken, IMAGES, cores()):
        where = "other pictures" if judged.other_pictures else "the study's pictures"
        print(f"{judged.side} px, {where}: {judged.accuracy:.2%} of {judged.images}", flush=True)
        yield judged


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"ship: {error}")
    except FileNotFoundError as error:
        sys.exit(f"ship: {error.filename} is missing; run `make repro` first")
