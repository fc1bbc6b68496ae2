"""Where networks are wrong on the test images: by label, by background, and on which images.

Pure functions of labels and of what each seed's network says; nothing here chooses anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.evaluation.metrics import wilson
from ablation.statistics.images import level_interval
from ablation.statistics.verdict import CONFIDENCE

LABELS = 10

Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class Answers:
    """What one arm's networks say of n test images, a row a seed.

    Attributes:
        said: (seeds, n) uint8, the answers.
        probabilities: (seeds, n, 10) float, of each label; the answer has the largest.
    """

    said: Labels
    probabilities: NDArray[np.floating]


def vote(probabilities: NDArray[np.floating]) -> Labels:
    """(n,) answers of several networks by their mean probability, from (seeds, n, 10) of them."""
    mean = probabilities.mean(axis=0, dtype=np.float64)
    return mean.argmax(axis=-1).astype(np.uint8)


def confusion(labels: Labels, said: Labels) -> NDArray[np.int64]:
    """(10, 10) counts: how often each label (row) was given as each answer (column).

    Args:
        labels: (n,) true labels.
        said: (seeds, n) answers, all of them counted.
    """
    counts = np.zeros((LABELS, LABELS), np.int64)
    np.add.at(counts, (np.broadcast_to(labels, said.shape), said), 1)
    return counts


def by_group(labels: Labels, said: Labels, groups: NDArray[np.integer]) -> pd.DataFrame:
    """A row a group of images: how many, accuracy over the seeds, and what is said in error.

    Columns: group, images, accuracy, low, high (95% over seeds and images, of one seed over the
    images), said (the commonest wrong answer, -1 for none) and share (of the group's answers).

    Args:
        labels: (n,) true labels.
        said: (seeds, n) answers.
        groups: (n,) which group each image belongs to.
    """
    rows = []
    for group in np.unique(groups):
        inside = groups == group
        right = said[:, inside] == labels[inside]
        found = right.mean(axis=1)
        interval = level_interval(found, int(inside.sum()), CONFIDENCE)
        wrong = np.bincount(said[:, inside][~right], minlength=LABELS)
        rows.append(
            {
                "group": int(group),
                "images": int(inside.sum()),
                "accuracy": float(found.mean()),
                "low": max(0.0, interval.low) if interval else np.nan,
                "high": min(1.0, interval.high) if interval else np.nan,
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
        right = vote(of_arm.probabilities) == labels
        low, high = wilson(int(right.sum()), len(labels), CONFIDENCE)
        rows.append(
            {"arm": arm, "seeds": len(of_arm.said), "images": len(labels),
             "accuracy": float(np.mean(of_arm.said == labels)), "vote": float(right.mean()),
             "low": low, "high": high}
        )  # fmt: skip
    columns = ["arm", "seeds", "images", "accuracy", "vote", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def hardest(labels: Labels, answers: Answers, count: int) -> tuple[NDArray[np.intp], NDArray]:
    """The `count` images whose true label has the least probability, mean over the seeds.

    Returns (count,) indices, hardest first, of equals the first; and (count,) probabilities.
    """
    mean = answers.probabilities.mean(axis=0, dtype=np.float64)
    of_label = mean[np.arange(len(labels)), labels]
    order = np.argsort(of_label, kind="stable")[:count]
    return order, of_label[order]


def smaller_digit(labels: Labels, said: Labels, digits: Labels) -> tuple[int, int]:
    """(how many answers are wrong, how many of these name a smaller digit that the image has).

    The others name a digit that the image has not: misread, where the former missed the largest.

    Args:
        labels: (n,) true labels.
        said: (seeds, n) answers.
        digits: (n, k) the digits of each image.
    """
    wrong = said != labels
    present = (said[..., None] == digits[None]).any(axis=-1)
    return int(wrong.sum()), int((wrong & present).sum())


def stacked(runs: Sequence[tuple[Labels, NDArray[np.floating]]]) -> Answers:
    """The (answers, probabilities) of several seeds, (n,) and (n, 10) each, as one arm's."""
    return Answers(np.stack([said for said, _ in runs]), np.stack([p for _, p in runs]))
