"""Where the networks are wrong: tables by label and background, confusions, the hardest images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ablation.base.arrays import read_npz
from ablation.reporting.page.pictures import png
from ablation.reporting.tables import read_csv
from ablation.reporting.wording import fewer, percent, rounded

FEW = 30  # a group of fewer images is the weakest or the best by chance


class Share(NamedTuple):
    """A cell of a table of shares: its text, how dark it is (0..9), and what stands behind it."""

    text: str
    shade: int
    told: str


class Grid(NamedTuple):
    """A table of shares: what its rows are, its columns (name, what stands small below), rows."""

    caption: str
    corner: str
    columns: list[tuple[str, str]]
    rows: list[tuple[str, list[Share]]]


def errors(folder: Path, names: Mapping[str, str], backgrounds: list[str]) -> dict[str, Any] | None:
    """What the stage `errors` left, for the template; None where the test images have no labels."""
    votes, accuracy, confusion = (
        read_csv(folder / f"{name}.csv") for name in ("votes", "accuracy", "confusion")
    )
    if votes.empty:
        return None
    arrays = read_npz(folder / "hardest.npz")
    best = str(arrays["arm"])
    columns = ("numbers", "labels", "said", "probabilities", "backgrounds", "images")
    hardest = zip(*(arrays[name] for name in columns), strict=True)
    votes["name"] = votes["arm"].map(names)
    chosen = votes.set_index("arm").loc[best]
    values = {"label": [str(label) for label in range(10)], "background": backgrounds}
    of_best = accuracy[accuracy["arm"] == best]
    return {
        "best": names[best],
        "extremes": [
            (by, found)
            for by, of in values.items()
            if (found := extremes(of_best[of_best["by"] == by], of))
        ],
        "smaller": chosen["smaller_digit"] / chosen["wrong"] if chosen.get("wrong") else None,
        "votes": votes[votes["seeds"] > 1].to_dict("records"),
        "seeds": int(votes["seeds"].max()),
        "fewer": fewer(dict(zip(votes["name"], votes["seeds"], strict=True))),
        "voters": int(chosen["seeds"]),
        "groups": [
            _groups(rows, str(by), values[str(by)], names, best)
            for by, rows in accuracy.groupby("by", sort=False)
        ],
        "confusions": [
            _confusion(rows, names[str(arm)]) for arm, rows in confusion.groupby("arm", sort=False)
        ],
        "hardest": [(*said, png(pixels)) for *said, pixels in hardest],
    }


def extremes(rows: pd.DataFrame, values: list[str]) -> list[tuple[str, float, int]]:
    """(group, accuracy, images) of the weakest and the best group of at least FEW images."""
    rows = rows[rows["images"] >= FEW]
    if len(rows) < 2:
        return []
    found = (rows.loc[at] for at in (rows["accuracy"].idxmin(), rows["accuracy"].idxmax()))
    return [(values[int(row["group"])], row["accuracy"], int(row["images"])) for row in found]


def _groups(
    rows: pd.DataFrame, by: str, values: list[str], names: Mapping[str, str], best: str
) -> Grid:
    rows = rows.sort_values("group", kind="stable")
    images = rows[rows["arm"] == best]
    lines, commonest = [], []
    for arm, of_arm in rows.groupby("arm", sort=False):
        shares = []
        for row in of_arm.to_dict("records"):
            share = percent(row["share"])
            said = "" if row["said"] < 0 else f"; most often taken for {row['said']}"
            told = f"[{percent(row['low'])}, {percent(row['high'])}]{said} ({share})"
            shares.append(Share(rounded(row["accuracy"] * 100), _shade(1 - row["accuracy"]), told))
            if arm == best:  # the commonest wrong answer
                wrong = row["said"] >= 0
                commonest.append(
                    Share(str(row["said"]) if wrong else "", 0,
                          f"{share} of the answers" if wrong else "no answer is wrong")
                )  # fmt: skip
        lines.append((names[str(arm)], shares))
    return Grid(
        caption=f"Accuracy by {'true label' if by == 'label' else 'background family'} (%)",
        corner="Arm",
        columns=[
            (values[group], f"{count:,}")
            for group, count in zip(images["group"], images["images"], strict=True)
        ],
        rows=[*lines, (f"commonest error, {names[best]}", commonest)],
    )


def _confusion(rows: pd.DataFrame, name: str) -> Grid:
    counts = rows.pivot(index="label", columns="said", values="count")
    lines = []
    for label, row in counts.iterrows():
        total = int(row.sum())
        shares = [
            Share(
                rounded(count / total * 100) if count else "",
                _shade(count / total) if count and said != label else 0,
                f"{count:,} of {total:,} answers",
            )
            for said, count in row.items()
        ]
        lines.append((str(label), shares))
    return Grid(name, "Label", [(str(said), "") for said in counts.columns], lines)


def _shade(share: float) -> int:
    """0 for none to 9 for a third and more: small errors must be told apart, large ones not."""
    return min(9, round(float(share) * 27))
