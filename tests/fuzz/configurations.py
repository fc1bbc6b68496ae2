"""Mutated configurations: each is refused in one line, or can take a step."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ablation.base.errors import UserError
from ablation.study.checks import LONGEST_LINE
from ablation.study.costs import layers
from ablation.study.dialects import notes
from ablation.study.memory import check_memory
from ablation.study.reading import read
from ablation.study.resolution import Resolved, resolve
from ablation.training.config import ArmConfig
from tests.fuzz import mutations
from tests.fuzz.timing import Hang, limited

ROOT = Path(__file__).parents[2]
MEMORY = 16 << 30  # bytes of the machine that is asked
STEP_MEMORY = 256 << 20  # bytes of a network that is built here


@dataclass
class Outcome:
    """What became of the configurations; `wrong` broke a promise."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)

    def fail(self, name: str, why: str) -> None:
        self.counts["wrong"] += 1
        self.wrong.append(f"{name}: {why}")


def run(seed: int, count: int, steps: int = 0) -> Outcome:
    """Mutates params.yaml `count` times; of `steps` accepted ones a network takes a step.

    Configuration n is the same whatever the count: its random numbers are those of (seed, n).
    """
    content = (ROOT / "params.yaml").read_bytes()
    tree = read(content) | {"scale": "smoke", "seeds": [0], "costly_seeds": [0]}
    small = tree | {"scales": {"smoke": tree["scales"]["smoke"]}}
    outcome = Outcome()
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        as_text = number % 5 < 2
        whole = tree if number % 10 == 9 else small  # all scales take four times as long
        try:
            with limited():
                if as_text:
                    study = _of_text(mutations.of_bytes(content, rng))
                else:
                    study = _of_tree(mutations.of_tree(whole, rng))
                _check(study, number)
        except UserError as error:
            outcome.counts["refused as text" if as_text else "refused"] += 1
            message = str(error)
            if "\n" in message or len(message) > LONGEST_LINE or not message.isprintable():
                outcome.fail(f"{number}", f"no short line: {message[:200]!r}")
        except Hang:
            outcome.fail(f"{number}", "a hang")
        except Exception as error:
            outcome.fail(f"{number}", f"{type(error).__name__}: {str(error)[:200]}")
        else:
            outcome.counts["accepted as text" if as_text else "accepted"] += 1
            if outcome.counts["took a step"] < steps:
                _step(study, number, outcome)
    return outcome


def _of_text(content: bytes) -> Resolved:
    tree = read(content)
    notes(content)
    return resolve(tree)


def _of_tree(tree: Any) -> Resolved:
    return resolve(tree)


def _check(study: Resolved, number: int) -> None:
    """What a run needs before it can take a step, without building it.

    Raises:
        UserError: the machine is too small, as the stage says too.
        AssertionError: a run could not begin.
    """
    check_memory(study.data, study.arms, study.evaluation.batch_size, MEMORY)
    for name, arm in study.arms.items():
        total = study.data.mnist_images if arm.input.set == "mnist" else study.data.images
        training = total - round(study.data.validation_fraction * total)
        assert 0 < arm.train.batch_size <= arm.train.images_per_epoch <= arm.train.images, name
        assert arm.train.images <= training < total, name
        assert all(min(vars(layer).values()) > 0 for layer in layers(arm)), name
    if number % 20 == 0:  # what is written is what is read
        for arm in study.arms.values():
            written = yaml.safe_load(yaml.safe_dump(arm.model_dump(), sort_keys=False))
            assert ArmConfig.model_validate(written) == arm


def _step(study: Resolved, number: int, outcome: Outcome) -> None:
    """Builds the first small network of the study and lets it take one step."""
    from ablation.study.memory import step_bytes

    arms = [
        arm for arm in study.arms.values()
        if step_bytes(arm, 1) < STEP_MEMORY and not arm.model.pretrained
        and arm.train.backend == "tensorflow"
    ]  # fmt: skip
    if not arms:
        return
    try:
        _train_on_one_batch(copy.deepcopy(arms[number % len(arms)]))
    except Exception as error:
        outcome.fail(f"{number}", f"no step: {type(error).__name__}: {str(error)[:200]}")
    else:
        outcome.counts["took a step"] += 1


def _train_on_one_batch(arm: ArmConfig) -> None:
    import keras

    from ablation.networks import architectures

    model = architectures.build(arm, 0, None)
    rng = np.random.default_rng(0)
    side, batch = arm.image_size, min(arm.train.batch_size, 8)
    images = rng.integers(0, 256, (batch, side, side), np.uint8)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    loss = model.train_on_batch(images, rng.integers(0, 10, batch))
    assert np.isfinite(loss), f"a loss of {loss}"
    keras.backend.clear_session()
