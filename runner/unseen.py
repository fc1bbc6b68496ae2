"""How far accuracy falls on a family of backgrounds never seen: `python -m runner.unseen`.

`make unseen` calls it. The arm with fresh images trains once for each family, on all others, beside
the study. Each network is judged on the same new images, over every family. What a family loses is
its accuracy where it was left out, less the mean where it was not: those networks saw as many
images. It is the best estimate here of what real pictures would show. The numbers go to
reports/unseen.json after each network, and a run that was interrupted goes on with the next.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

from ablation.base.errors import UserError
from ablation.base.files import read_config, read_json, write_json
from ablation.composition.config import DataConfig
from ablation.study.config import StudyConfig
from ablation.training.config import ArmConfig
from runner import check, graph, pool, ship, verify
from runner.graph import StudyError

WRITTEN = Path("reports/unseen.json")


def main() -> None:
    pool.stop_on_signals()
    parser = argparse.ArgumentParser(prog="python -m runner.unseen", description=__doc__)
    parser.add_argument("--run", help="ARM-SEED (default: the first arm with fresh images)")
    options = parser.parse_args()
    study = verify.read_study()
    key = chosen(study, options.run)
    arm = key.rpartition("-")[0]
    families = read_config(Path("configs/data.yaml"), DataConfig).backgrounds
    if len(families) < 2:
        raise StudyError(f"data.backgrounds is {families[0]} alone; leaving it out leaves nothing")
    about = {"run": key, "scale": study.scale, "arm": read_arm(arm).model_dump(mode="json")}
    known = read_json(WRITTEN) if WRITTEN.exists() else {}
    same = all(known.get(name) == value for name, value in about.items())
    judged: dict[str, dict[str, float]] = known["accuracy"] if same else {}
    for number, family in enumerate(families, start=1):
        if family not in judged:
            print(f"without {family}, {number} of {len(families)}", flush=True)
            others = [name for name in families if name != family]
            judged[family] = accuracies(key, arm, others)
            write_json(WRITTEN, about | {"accuracy": judged})
    for family, (unseen, seen) in falls(judged).items():
        print(f"{family}: {unseen:.2%} where it was left out, {seen:.2%} where it was not")


def chosen(study: StudyConfig, run: str | None) -> str:
    """The run whose arm is tried: the one asked for, or the first that composes its images.

    Raises:
        StudyError: there is no such run, or its images are not composed anew.
    """
    keys = [f"{arm}-{seed}" for arm, seed in study.runs if read_arm(arm).fresh is not None]
    if not keys:
        raise StudyError(
            "no arm has train.fresh_images: true, and only fresh images leave a family out"
        )
    if run is not None and run not in keys:
        raise StudyError(f"RUN is {run!r}; allowed, with fresh images: {', '.join(keys)}")
    return run or keys[0]


def read_arm(arm: str) -> ArmConfig:
    return read_config(Path(f"configs/arms/{arm}.yaml"), ArmConfig)


def accuracies(key: str, arm: str, families: list[str]) -> dict[str, float]:
    """Family -> accuracy (0..1) of the run trained anew on images over `families` alone."""
    with check.copied(Path.cwd()) as folder:
        leave_out(arm, families, folder / "params.yaml")
        check.resolve(folder)
        verify.train(folder, key)
        network = folder / "models" / "networks" / f"{key}.keras"
        return next(ship.elsewhere(network, read_arm(arm))).families


def leave_out(arm: str, families: list[str], params: Path) -> None:
    """Writes into a params.yaml that the arm's fresh images stand on `families` alone."""
    change = f"arms.{arm}.train.fresh_backgrounds=[{','.join(families)}]"
    graph.change([f"++{change}"], params)  # ++: the key may be new


def falls(judged: Mapping[str, Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    """Family -> its accuracy (0..1) where it was left out, and the mean where another was.

    Args:
        judged: the family left out -> family -> accuracy.
    """
    told: dict[str, tuple[float, float]] = {}
    for family in judged:
        seen = [of[family] for left_out, of in judged.items() if left_out != family]
        if seen:
            told[family] = judged[family][family], fmean(seen)
    return told


if __name__ == "__main__":
    try:
        main()
    except (StudyError, UserError) as error:
        sys.exit(f"unseen: {error}")
    except KeyboardInterrupt:
        sys.exit("unseen: interrupted; the families that are done are kept")
