"""Writes the table of results in README.md: `python -m runner.readme`, after new results.

Which arms it shows stands in the README, in the mark before the table; the numbers come from
reports/tables/arms.md, the paper's from the claims in params.yaml, and how many of these hold from
reports/claims.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablation.base.errors import UserError
from ablation.base.files import read_yaml, write_text
from ablation.reporting.exports import COUNT

README, PARAMS = Path("README.md"), Path("params.yaml")
TABLE, CLAIMS = Path("reports/tables/arms.md"), Path("reports/claims.md")
_BLOCK = re.compile(r"(<!-- results: ([a-z0-9_ ]+) -->\n).*?(<!-- end of results -->)", re.DOTALL)


def main() -> None:
    if not TABLE.exists():
        raise SystemExit(f"readme: there is no {TABLE}; run `make repro` first")
    text = README.read_text(encoding="utf-8")
    table, claims = (path.read_text(encoding="utf-8") for path in (TABLE, CLAIMS))
    write_text(README, filled(text, table, claims, read_yaml(PARAMS)))
    print(f"readme: the table of {README} is that of {TABLE}")


def filled(readme: str, table: str, claims: str, params: Mapping[str, Any]) -> str:
    """The README with its table of results, and the first sentence of `claims` below it.

    Raises:
        UserError: the README has no mark for the table, or names an arm that the table lacks.
    """
    found = _BLOCK.search(readme)
    if found is None:
        raise UserError(f"{README} has no line <!-- results: ARMS -->")
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in table.splitlines()
        if line.startswith("|")
    ]
    by_label = {row[0]: row for row in rows}
    # The number of seeds stands below the table.
    kept = [k for k, name in enumerate(head[:-1]) if name != COUNT]
    lines = [[*(head[k] for k in kept), "Paper"], ["---"] * (len(kept) + 1)]
    for arm in found.group(2).split():
        written = params["arms"].get(arm) or params["costly_arms"].get(arm) or {}
        label = written.get("label")
        if label not in by_label:
            raise UserError(f"{README} shows the arm {arm}, which {TABLE} lacks")
        cells = [by_label[label][k] for k in kept]
        lines.append([*cells, _paper(arm, params["claims"])])
    rendered = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    note, counted = table.strip().splitlines()[-1], claims.splitlines()[2].partition(". ")[0]
    below = f"{rendered}\n\n{note}\n\n{counted.removesuffix('.')}."
    return _BLOCK.sub(lambda m: f"{m.group(1)}{below}\n{m.group(3)}", readme)


def _paper(arm: str, claims: Mapping[str, Any]) -> str:
    """What the paper reports of the arm, of single runs; "" where it gives no number."""
    return ", ".join(
        f"{claim['paper'] * 100:g}% ({claim['metric'].removesuffix('_accuracy')})"
        for claim in claims.values()
        if claim["kind"] == "level" and claim["arms"] == [arm] and claim["paper"] is not None
    )


if __name__ == "__main__":
    main()
