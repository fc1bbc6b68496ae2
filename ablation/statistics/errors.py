"""Where networks are wrong on the test images: by label, by background, and on which images.

Pure functions of labels and of what each seed's network predicts; nothing here chooses anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.evaluation.metrics import wilson
from ablation.statistics.intervals import level_interval

LABELS = 10

Labels = NDArray[np.uint8]


class Answers(NamedTuple):
    """What one arm's networks answer to n test images, a row a seed.

    Attributes:
        digits: (seeds, n) uint8, the most probable label.
        probabilities: (seeds, n, 10) uint8, of each label, in 255ths.
    """

    digits: Labels
    probabilities: NDArray[np.uint8]

    @property
    def vote(self) -> Labels:
        """(n,) the label of the highest mean probability; of equals that which more answer."""
        counts = (self.digits[..., None] == np.arange(LABELS)).sum(axis=0)
        sums = self.probabilities.sum(axis=0, dtype=np.int64)
        return (sums + counts / (1 + len(self.digits))).argmax(axis=-1).astype(np.uint8)


def confusion(labels: Labels, digits: Labels) -> NDArray[np.int64]:
    """(10, 10) counts: how often each label (row) was given as each answer (column).

    Args:
        labels: (n,) true labels.
        digits: (seeds, n) answers, all of them counted.
    """
    counts = np.zeros((LABELS, LABELS), np.int64)
    np.add.at(counts, (np.broadcast_to(labels, digits.shape), digits), 1)
    return counts


def by_group(labels: Labels, digits: Labels, groups: NDArray[np.integer]) -> pd.DataFrame:
    """A row a group of images: how many, accuracy over the seeds, and what is answered in error.

    Columns: group, images, accuracy, low, high (95% over seeds and images, of one seed over the
    images), said (the commonest wrong answer, -1 for none) and share (of the group's answers).

    Args:
        labels: (n,) true labels.
        digits: (seeds, n) answers.
        groups: (n,) which group each image belongs to.
    """
    rows = []
    for group in np.unique(groups):
        inside = groups == group
        right = digits[:, inside] == labels[inside]
        found = right.mean(axis=1)
        low, high = level_interval(found, int(inside.sum())) or (np.nan, np.nan)
        wrong = np.bincount(digits[:, inside][~right], minlength=LABELS)
        rows.append(
            {
                "group": int(group),
                "images": int(inside.sum()),
                "accuracy": float(found.mean()),
                "low": max(0.0, low),
                "high": min(1.0, high),
                "said": int(wrong.argmax()) if wrong.any() else -1,
                "share": float(wrong.max() / right.size),
            }
        )
    return pd.DataFrame(rows)


def votes(labels: Labels, answers: Mapping[str, Answers]) -> pd.DataFrame:
    """A row an arm: the mean accuracy of its networks, and that of their vote with its interval.

    Columns: arm, seeds, images, accuracy, vote, low, high. The interval is Wilson's over the
    images: it says how well this one vote was measured, and nothing of other seeds.
    """
    rows = []
    for arm, of_arm in answers.items():
        right = of_arm.vote == labels
        low, high = wilson(int(right.sum()), len(labels))
        accuracy = float(np.mean(of_arm.digits == labels))
        seeds, images = len(of_arm.digits), len(labels)
        rows.append((arm, seeds, images, accuracy, float(right.mean()), low, high))
    columns = ["arm", "seeds", "images", "accuracy", "vote", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def hardest(labels: Labels, answers: Answers, count: int) -> tuple[NDArray[np.intp], NDArray]:
    """The `count` images whose true label has the least probability, mean over the seeds.

    Returns (count,) indices, hardest first, of equals the first; and (count,) probabilities, 0..1.
    """
    mean = answers.probabilities.mean(axis=0, dtype=np.float64) / 255
    of_label = mean[np.arange(len(labels)), labels]
    order = np.argsort(of_label, kind="stable")[:count]
    return order, of_label[order]


def smaller_digit(labels: Labels, digits: Labels, present: Labels) -> tuple[int, int]:
    """(how many answers are wrong, how many of these name a smaller digit that the image has).

    The others name a digit that the image has not: misread, where the former missed the largest.

    Args:
        labels: (n,) true labels.
        digits: (seeds, n) answers.
        present: (n, k) the digits of each image.
    """
    wrong = digits != labels
    named = (digits[..., None] == present[None]).any(axis=-1)
    return int(wrong.sum()), int((wrong & named).sum())
