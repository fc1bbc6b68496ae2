"""Seeded fuzz: `python -m tests.fuzz [--seed N] [--configurations N] [--corruptions N]`.

It ends with the counts, and with exit status 1 where a promise of docs/reliability.md was broken.
Corruptions need a finished study: --study FOLDER, this one if it is finished.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ablation.training.framework import limit

limit(1)  # before anything imports a framework

from tests.fuzz import configurations, corruptions  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--configurations", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=4, help="networks of 100 that take a step")
    parser.add_argument("--corruptions", type=int, default=1_000)
    parser.add_argument("--study", type=Path, default=configurations.ROOT)
    parser.add_argument("--log", type=Path, help="goes on from what this file has, and adds to it")
    options = parser.parse_args()
    if options.corruptions and not (options.study / "reports" / "report.html").is_file():
        parser.error(f"--study: {options.study} has no finished study; `make repro` makes one")
    outcomes = {}
    if options.configurations:
        outcomes["configurations"] = configurations.run(
            options.seed, options.configurations, options.steps, options.log
        )
    if options.corruptions:
        outcomes["corruptions"] = corruptions.run(
            options.study, options.seed, options.corruptions, options.log
        )
    for name, outcome in outcomes.items():
        counts = json.dumps(dict(sorted(outcome.counts.items())))
        print(f"{name} {counts}, {outcome.seconds / 60:.1f} minutes of processor time")
        for line in outcome.wrong[:50]:
            print(f"  {line}")
    return int(any(outcome.wrong for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
