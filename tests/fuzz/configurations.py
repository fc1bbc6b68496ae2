"""Mutated configurations: each is refused in one line, or can take a step."""

from __future__ import annotations

import copy
import re
from pathlib import Path

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
from runner import params
from tests.fuzz import mutations, slips, texts
from tests.fuzz.outcome import SIZE, Outcome, in_blocks
from tests.fuzz.timing import Hang, limited

ROOT = Path(__file__).parents[2]
MEMORY = 16 << 30  # bytes of the machine that is asked
STEP_MEMORY = 256 << 20  # bytes of a network that is built here


def run(seed: int, count: int, steps: int = 0, log: Path | None = None) -> Outcome:
    """Mutates params.yaml `count` times; a network of `steps` in a hundred takes a step.

    Configuration n is the same whatever the count: its random numbers are those of (seed, n).
    """
    content = (ROOT / "params.yaml").read_bytes()
    short = shortened(content)
    tree = read(content) | {"scale": "smoke", "seeds": [0], "costly_seeds": [0]}
    small = tree | {"scales": {"smoke": tree["scales"]["smoke"]}}

    def one(number: int, outcome: Outcome) -> None:
        rng = np.random.default_rng([seed, number])
        as_text = number % 5 < 2
        # All scales, or all comments, take four times as long.
        text, whole = (content, tree) if number % 10 == 9 or number % 50 == 0 else (short, small)
        try:
            with limited():
                if as_text:
                    damage = mutations.of_bytes if number % 5 == 0 else texts.of_text
                    study = _of_text(damage(text, rng))
                else:
                    change = mutations.of_tree if number % 5 == 2 else slips.of_tree
                    study = resolve(change(whole, rng))
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
            if outcome.counts["took a step"] * 100 < steps * SIZE:
                _step(study, number, outcome)

    return in_blocks("configurations", seed, count, log, one)


def shortened(content: bytes) -> bytes:
    """params.yaml with two scales, the first claims and no comment, so that it is read faster."""
    text = re.sub(r"(?m)\s+# .*$|^#.*\n", "", content.decode("utf-8"))
    text = re.sub(r"(?ms)^  (laptop|paper):\n.*?(?=^(?:  )?[a-z]\w*:)", "", text)
    claims = text.index("\nclaims:")
    ends = [found.start() for found in re.finditer(r"(?m)^  [a-z]\w*:", text[claims:])]
    return text[: claims + ends[5]].replace("scale: laptop", "scale: smoke").encode()


def _of_text(content: bytes) -> Resolved:
    """The study of a file.

    Raises:
        AssertionError: DVC would read another, or another scale could not be written into it.
    """
    from dvc.utils.serialize import parse_yaml

    tree = read(content)
    notes(content)
    study = resolve(tree)
    text = content.decode("utf-8")
    assert repr(parse_yaml(text, "params.yaml")) == repr(tree), "DVC reads another configuration"
    for scale in tree["scales"]:
        after = params.read(params.with_scale(text, scale))
        assert repr(after) == repr(tree | {"scale": scale}), "another scale is not written"
    return study


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
    if number % 5 == 4:  # what is written is what is read
        for section in (*study.arms.values(), study.study, study.data, study.claims, study.sources):
            written = yaml.safe_load(yaml.safe_dump(section.model_dump(), sort_keys=False))
            assert type(section).model_validate(written) == section


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
    """A step as the stage `train` takes it, not compiled."""
    import keras

    from ablation.networks import architectures
    from ablation.training import loop

    model = architectures.build(arm, 0, None)
    rng = np.random.default_rng(0)
    side, batch = arm.image_size, min(arm.train.batch_size, 8)
    images = rng.integers(0, 256, (batch, side, side), np.uint8)
    loop.compile_for(model, arm, 10)
    model.run_eagerly = True
    model.train_on_batch(images, rng.integers(0, 10, batch))
    assert model.predict_on_batch(images).shape == (batch, 10)
    keras.backend.clear_session()
