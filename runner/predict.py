"""Predicts the label of a picture: `python -m runner.predict`, with IMAGE set; `make predict`.

IMAGE is a picture, a folder of them, or an npz with an array `images`. The shipped network gives
the largest digit present, its probability, and which digits were seen where: px from the left, from
the top; and what was changed for that, in brackets. With labels, LABELS=FILE.csv with the columns
file and label or an npz's own `labels`, it says how many answers are right and which are confused.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from itertools import chain, groupby, islice
from pathlib import Path

import numpy as np

from ablation.base import cli
from ablation.base.errors import UserError
from ablation.base.files import read_config
from ablation.evaluation.metrics import wilson
from ablation.prediction import pictures
from ablation.prediction.elsewhere import sides
from ablation.training import framework
from ablation.training.config import ArmConfig

SHIPPED = Path("models/shipped")
FEW = 20  # pictures with labels up to which each has a line; of more those that are wrong
CONFUSIONS = 10  # that are listed
PIXELS = 2**22  # of the pictures that are answered together


def main() -> None:
    if not os.environ.get("IMAGE"):
        raise UserError("IMAGE is missing, for example: make predict IMAGE=docs/digits.png")
    if not (SHIPPED / "arm.yaml").exists():
        raise UserError(
            "models/shipped has no network; `git checkout models/shipped` brings it back"
        )
    if isinstance(sys.stdout, TextIOWrapper):  # a file's name may be no text, or no locale's
        sys.stdout.reconfigure(errors="backslashreplace")
    arm = read_config(SHIPPED / "arm.yaml", ArmConfig)
    path, table = Path(os.environ["IMAGE"]).expanduser(), os.environ.get("LABELS")
    found = pictures.find(path)
    given = pictures.labels(path, Path(table).expanduser() if table else None, found)
    labels = {name: label for name, label in given.items() if name in found}
    refused: list[str] = []
    stream = read(found, sides(arm), refused)
    first = next(stream, None)  # before Keras starts, which takes seconds
    if first is not None:
        framework.start(arm.train)
        from ablation.prediction.answers import Network

        network = Network.load(SHIPPED / "network.keras", arm)
        width = max(map(len, found))
        changed: Counter[str] = Counter()
        pairs: Counter[tuple[int, int]] = Counter()
        for block in alike(chain([first], stream)):
            answers = network.answers(np.stack([each.grey for each in block]), block[0].scale)
            for picture, answer in zip(block, answers, strict=True):
                changes = picture.changes + answer.changes
                changed.update(change.partition(":")[0] for change in changes)
                label = labels.get(picture.name)
                if label is not None:
                    pairs[label, answer.digit] += 1
                if label != answer.digit or len(labels) <= FEW:
                    told = f"  [{'; '.join(changes)}]" if changes else ""
                    wrong = f"  labelled {label}" if label not in (None, answer.digit) else ""
                    print(f"{picture.name:{width}}  {answer}{told}{wrong}", flush=True)
        print("the largest digit, its probability, and the digits seen, with their positions in px")
        if len(found) > 1 and changed:
            print("changed:", ", ".join(f"{what} ({n})" for what, n in changed.most_common()))
        if pairs:
            print(*judged(pairs), sep="\n")
        if len(given) > len(labels):
            other = next(name for name in given if name not in found)
            print(f"labels of no picture there: {len(given) - len(labels)}, such as {other}")
    if refused:
        raise UserError(f"{len(refused)} of {len(found)} pictures could not be read")


def read(
    found: Mapping[str, pictures.Load], sides: range, refused: list[str]
) -> Iterator[pictures.Picture]:
    """The pictures that can be read. Of several, the others are told and added to `refused`."""
    for name, load in found.items():
        try:
            yield load(sides)
        except UserError as error:
            if len(found) == 1:
                raise
            print(f"predict: {error}", file=sys.stderr)
            refused.append(name)


def alike(stream: Iterator[pictures.Picture]) -> Iterator[list[pictures.Picture]]:
    """Pictures of the same shape that follow each other, as many as are answered together."""
    for (shape, _), group in groupby(stream, lambda each: (each.grey.shape, each.scale)):
        while block := list(islice(group, max(1, PIXELS // (shape[0] * shape[1])))):
            yield block


def judged(pairs: Counter[tuple[int, int]]) -> Iterator[str]:
    """Lines on the accuracy and the confusions of (label, answer) -> how many."""
    count = pairs.total()
    right = sum(n for (label, digit), n in pairs.items() if label == digit)
    low, high = wilson(right, count)
    yield f"accuracy {right / count:.2%}, 95% interval {low:.2%} to {high:.2%}, on {count} labelled"
    wrong = Counter({pair: n for pair, n in pairs.items() if pair[0] != pair[1]})
    for (label, digit), n in wrong.most_common(CONFUSIONS):
        yield f"labelled {label}, predicted {digit}: {n}"


if __name__ == "__main__":
    cli.run("predict", main)
