"""Where the networks are wrong, as the page shows it: tables, confusions and the hardest images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ablation.base.arrays import read_npz
from ablation.base.errors import UserError
from ablation.base.reading import refusing
from ablation.reporting import wording
from ablation.reporting.answers import LABELS
from ablation.reporting.page.pictures import embedded_image
from ablation.reporting.tables import grid, read_csv
from ablation.reporting.wording import (
    capital,
    counted,
    fewer,
    percent,
    quoted,
    rounded,
    signed_points,
)

COLUMNS = {
    "votes": ("arm", "seeds", "accuracy", "vote", "low", "high"),
    "accuracy": ("arm", "by", "group", "images", "accuracy", "low", "high", "said", "share"),
    "confusion": ("arm", "label", "said", "count"),
}
KEYS = {
    "votes": ("arm",),
    "accuracy": ("arm", "by", "group"),
    "confusion": ("arm", "label", "said"),
}


@dataclass(frozen=True)
class Share:
    """A cell of a table of shares: its text, how dark it is (0..9), and what stands behind it."""

    text: str
    shade: int
    told: str


@dataclass(frozen=True)
class Grid:
    """A table of shares: what its rows are, its columns (name, what stands small below), rows."""

    caption: str
    corner: str
    columns: list[tuple[str, str]]
    rows: list[tuple[str, list[Share]]]


@dataclass(frozen=True)
class Hard:
    """One of the hardest images: the picture, what it shows and what was said."""

    image: str
    number: int
    label: int
    said: int
    probability: str
    background: str


@dataclass(frozen=True)
class Errors:
    """The section.

    Attributes:
        told: what the numbers say, a sentence each.
        votes: a row an arm of several seeds (name, one network, vote with its interval, gain).
        seeds: how many networks vote; `fewer` names arms with less.
        voters: how many those of the arm are that the hardest images are of.
        groups: accuracy of each arm by label and by background.
        confusions: label by answer, one of each shown arm.
        hardest: the images, hardest first; `hardest_of` names the arm.
    """

    told: list[str]
    votes: list[tuple[str, str, str, str]]
    seeds: int
    fewer: str
    voters: int
    groups: list[Grid]
    confusions: list[Grid]
    hardest: list[Hard]
    hardest_of: str


def errors(
    folder: Path, names: Mapping[str, str], backgrounds: list[str], failed: Sequence[str] = ()
) -> Errors | None:
    """From what the stage `errors` left; None where the test images have no labels.

    Args:
        failed: the labels of arms of which a run failed.
    """
    votes, accuracy, confusion = (
        _read(folder, name) for name in ("votes", "accuracy", "confusion")
    )
    if votes.empty:
        return None
    arrays = read_npz(folder / "hardest.npz")
    with refusing(folder / "hardest.npz", "set of hard images", "errors"):
        best = str(arrays["arm"])
        hardest = [
            Hard(embedded_image(image), int(number), int(label), int(said),
                 rounded(float(probability), 2), str(background))
            for image, number, label, said, probability, background in zip(
                arrays["images"], arrays["numbers"], arrays["labels"], arrays["said"],
                arrays["probabilities"], arrays["backgrounds"], strict=True)
        ]  # fmt: skip
    seeds = int(votes["seeds"].max())
    values = {"label": [str(label) for label in range(LABELS)], "background": backgrounds}
    return Errors(
        told=_told(votes.set_index("arm").loc[best], accuracy[accuracy["arm"] == best],
                   quoted(names[best]),
                   values) + [f"{wording.failed([label])}." for label in failed],
        votes=_votes(votes[votes["seeds"] > 1], names),
        seeds=seeds,
        fewer=fewer({names[row["arm"]]: int(row["seeds"]) for row in votes.to_dict("records")}),
        voters=int(votes.set_index("arm").loc[best, "seeds"]),
        groups=[
            _groups(accuracy[accuracy["by"] == by], by, values[by], names, best)
            for by in dict.fromkeys(accuracy["by"])
        ],
        confusions=[
            _confusion(rows, names[str(arm)])
            for arm, rows in confusion.groupby("arm", sort=False)
        ],
        hardest=hardest,
        hardest_of=quoted(names[best]),
    )  # fmt: skip


def _read(folder: Path, name: str) -> pd.DataFrame:
    """A table of the stage `errors`, with every row that it should have."""
    path, columns, alike = folder / f"{name}.csv", COLUMNS[name], KEYS[name]
    table = read_csv(path, "errors", columns, alike, empty=True)
    with refusing(path, "table of errors", "errors"):
        if name == "accuracy":
            for _, rows in table.groupby("by"):
                grid(rows, alike)
        else:
            grid(table, alike)
        if name == "confusion" and not table.empty and table["label"].nunique() != LABELS:
            raise UserError(f"has {table['label'].nunique()} labels of {LABELS}")
    return table


def _told(
    votes: pd.Series, accuracy: pd.DataFrame, name: str, values: Mapping[str, list[str]]
) -> list[str]:
    """The arm's weakest label and background, and whether it misses digits or misreads them."""
    sentences = []
    for by, noun in (("label", "label"), ("background", "background")):
        rows = accuracy[accuracy["by"] == by]
        # A group of a handful of images is the weakest or the best by chance.
        many = rows["images"] >= 30
        only = f" (of {noun}s with 30 images and more)" if many.any() and not many.all() else ""
        rows = rows[many] if many.any() else rows
        if len(rows) < 2:
            continue
        worst, best = (rows.loc[rows["accuracy"].idxmin()], rows.loc[rows["accuracy"].idxmax()])
        sentences.append(
            f"{capital(name)} is weakest on {noun} {values[by][int(worst['group'])]} "
            f"({percent(worst['accuracy'])} of {counted(int(worst['images']), 'image')}) and best "
            f"on {values[by][int(best['group'])]} ({percent(best['accuracy'])}){only}."
        )
    if votes.get("wrong"):
        sentences.append(
            f"Of its wrong answers {percent(votes['smaller_digit'] / votes['wrong'])} name a "
            "smaller digit of the image: the largest was missed. The others name a digit that the "
            "image has not: one was misread."
        )
    return sentences


def _votes(votes: pd.DataFrame, names: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    return [
        (
            names[row["arm"]],
            percent(row["accuracy"]),
            f"{percent(row['vote'])} [{percent(row['low'])}, {percent(row['high'])}]",
            f"{signed_points(row['vote'] - row['accuracy'])}",
        )
        for row in votes.to_dict("records")
    ]


def _groups(
    rows: pd.DataFrame, by: str, values: list[str], names: Mapping[str, str], best: str
) -> Grid:
    images = rows.drop_duplicates("group").set_index("group")["images"].sort_index()
    lines = []
    for arm, of_arm in rows.groupby("arm", sort=False):
        shares = []
        for row in of_arm.sort_values("group").to_dict("records"):
            said = "" if row["said"] < 0 else f"; most often taken for {int(row['said'])}"
            told = (
                f"[{percent(row['low'])}, {percent(row['high'])}]{said} ({percent(row['share'])})"
            )
            shares.append(Share(rounded(row["accuracy"] * 100), _shade(1 - row["accuracy"]), told))
        lines.append((names[str(arm)], shares))
    lines.append((f"commonest error, {names[best]}", _instead(rows[rows["arm"] == best])))
    return Grid(
        caption=f"Accuracy by {'true label' if by == 'label' else 'background family'} (%)",
        corner="Arm",
        columns=[(values[int(group)], f"{count:,}") for group, count in images.items()],
        rows=lines,
    )


def _instead(rows: pd.DataFrame) -> list[Share]:
    """The commonest wrong answer of each group, with its share of the group's answers."""
    return [
        Share(str(int(row["said"])), 0, f"{percent(row['share'])} of the answers")
        if row["said"] >= 0
        else Share("", 0, "no answer is wrong")
        for row in rows.sort_values("group").to_dict("records")
    ]


def _confusion(rows: pd.DataFrame, name: str) -> Grid:
    counts = rows.pivot(index="label", columns="said", values="count")
    lines = []
    for label, row in counts.iterrows():
        total = int(row.sum())
        shares = []
        for said, count in row.items():
            share = count / total if total else 0.0
            shade = _shade(share) if said != label else 0
            text = "" if count == 0 else rounded(share * 100)
            shares.append(Share(text, shade, f"{int(count):,} of {total:,} answers"))
        lines.append((str(label), shares))
    return Grid(name, "Label", [(str(said), "") for said in counts.columns], lines)


def _shade(share: float) -> int:
    """0 for none to 9 for a third and more: small errors must be told apart, large ones not."""
    return min(9, round(float(share) * 27))
