"""The whole study at smoke scale, side by side and one stage after another."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from bench import checkouts
from bench.results import Row, of, ratios
from runner.cores import cores

ROUNDS = 1  # minutes each


def measure() -> list[Row]:
    """Both from the same raw data to the report, in repositories of their own."""
    commands = {
        "serial": (sys.executable, "-m", "dvc", "repro"),
        "side by side": (sys.executable, "-m", "runner", "--jobs", str(cores())),
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        start = checkouts.fetched(Path(folder) / "start", "smoke")
        for number in range(ROUNDS):
            for name, command in commands.items():
                checkout = start.copy(Path(folder) / f"{name} {number}".replace(" ", "-"))
                started = time.perf_counter()
                checkout.run(*command)
                seconds[name].append(time.perf_counter() - started)
                checkout.seconds_of_nothing()  # refuses a study that is not whole
    return [
        of(
            f"smoke study, serial / {cores()} side by side",
            ratios(seconds["serial"], seconds["side by side"]),
            "",
            at_least=1.5,
        ),
        *(of(f"smoke study, {name}", values, "s") for name, values in seconds.items()),
    ]
