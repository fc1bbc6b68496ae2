"""How long runs take: on a processor before anything runs, and from the runs that are done."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from ablation.base.files import read_config
from ablation.study.config import StudyConfig
from ablation.training.config import ArmConfig

# Training multiplies and adds about three times what a forward pass does: forward, and backward
# once for the inputs and once for the weights of each layer.
PASSES = 3
# Multiply-adds a second of one thread in training. Measured at laptop scale on an EPYC with
# AVX-512, in processor time: the baseline at 943 images a second makes 3.5e10, raw VGG-16 at 12.6
# makes 4.7e10. Other processors differ up to fourfold.
RATE = 4e10
FIXED = 20.0  # seconds that a run takes beside its training: start, compiling, judging
EVIDENCE = 2  # runs that must be done before they tell anything of the others
PATIENCE = 1800.0  # seconds after which the share done of the runs under way may tell instead


def cost(study: StudyConfig, arm: str) -> float:
    """The work of one run: multiply-adds of an image times images trained on."""
    train = read_config(Path(f"configs/arms/{arm}.yaml"), ArmConfig).train
    return float(study.multiply_adds[arm] * train.images_per_epoch * train.epochs)


def hours_on_processor(works: Collection[float], cores: int) -> float:
    """Of these runs side by side, one thread each.

    Args:
        works: multiply-adds of each run's forward passes.
    """
    seconds = sum(PASSES * work / RATE + FIXED for work in works)
    return seconds / max(1, min(cores, len(works))) / 3600


def seconds_of(works: Mapping[str, float], done: Mapping[str, float]) -> dict[str, float]:
    """How long each run takes, by the runs that are done: a fixed time and one for its work.

    Args:
        works: run -> its work, in any unit.
        done: run -> seconds, at least two; the slope and the fixed time are fitted to these, and
            neither is below 0. Where these tell no such two, as runs alike or noise do not, the
            fixed time is `FIXED`.
    """
    work = np.array([works[name] for name in done])
    seconds = np.array(list(done.values()))
    spread = work - work.mean()
    slope = float(spread @ seconds / (spread @ spread)) if np.ptp(work) > 0 else -1.0
    fixed = float(seconds.mean() - slope * work.mean())
    if slope < 0 or fixed < 0:
        fixed = min(FIXED, float(seconds.mean()))
        slope = float((seconds - fixed).sum() / max(work.sum(), 1e-12))
    return {name: fixed + slope * amount for name, amount in works.items()}


def seconds_left(
    works: Mapping[str, float],
    done: Mapping[str, float],
    shares: Mapping[str, float],
    elapsed: float,
    places: int,
) -> float | None:
    """Until the last run ends; None while nothing honest can be said.

    Args:
        works: every run of the study that is to be trained -> its work.
        done: run -> seconds that it took.
        shares: run under way -> how much of it is done, 0..1.
        elapsed: seconds since the first run began.
        places: how many run at a time.
    """
    waiting = [name for name in works if name not in done and name not in shares]
    if len(done) >= EVIDENCE:
        each = seconds_of(works, done)
        left = [each[name] * (1 - share) for name, share in shares.items() if name in works]
        rest = sum(left) + sum(each[name] for name in waiting)
        longest = max([*left, *(each[name] for name in waiting)], default=0.0)
        return max(rest / places, longest)
    worked = sum(works[name] * share for name, share in shares.items() if name in works)
    worked += sum(works[name] for name in done)
    if elapsed < PATIENCE or worked <= 0:
        return None
    return elapsed * (sum(works.values()) - worked) / worked
