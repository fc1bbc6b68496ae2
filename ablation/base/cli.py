"""What every stage does around its work: whatever goes wrong is one line."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ablation.base.errors import UserError, brief

ROOT = Path(__file__).resolve().parents[2]
LOGS = Path("logs")
# A notebook's shell names a backend that Matplotlib, which Keras imports too, may not have. Every
# script imports this module before either.
os.environ["MPLBACKEND"] = "agg"


def run(stage: str, main: Callable[..., None], **arguments: Callable[[str], Any]) -> None:
    """Runs a stage with the command line's arguments; what it raises ends it with one line.

    Exit status 1, or 2 for wrong arguments. The traceback of a defect goes to
    logs/STAGE.traceback.txt, or STAGE-ARGUMENTS.

    Args:
        stage: its name, as of its module.
        main: takes the arguments by name; its module's docstring is the help.
        arguments: name -> what reads the text of that argument: `str`, or `seed`. It raises a
            UserError for what it refuses.
    """
    script = Path(main.__code__.co_filename)
    module = f"{script.parent.name}.{script.stem}"
    usage = " ".join(["usage: python -m", module, *(name.upper() for name in arguments)])
    given = sys.argv[1:]
    if "-h" in given or "--help" in given:
        print(f"{usage}\n\n{(main.__globals__.get('__doc__') or '').strip()}")
        return
    try:
        if len(given) != len(arguments):
            raise UserError(f"{len(given)} arguments instead of {len(arguments)}")
        texts = dict(zip(arguments, given, strict=True))
        values = {name: arguments[name](text) for name, text in texts.items()}
    except UserError as error:
        print(f"{stage}: {error}; {usage}", file=sys.stderr)
        sys.exit(2)
    try:
        main(**values)
    except UserError as error:
        sys.exit(f"{stage}: {error}")
    except KeyboardInterrupt:
        sys.exit(f"{stage}: interrupted; the same command continues")
    except Exception as error:
        if isinstance(error, FileNotFoundError) and error.filename:
            missing = error.filename
            sys.exit(
                f"{stage}: {missing} is missing; `dvc repro` makes it, or `git checkout {missing}` "
                "brings it back"
            )
        if isinstance(error, OSError):  # a full disk has no room for a traceback
            sys.exit(f"{stage}: {brief(error)}")
        sys.exit(f"{stage}: {_defect('-'.join([stage, *given]), error)}")


def _defect(name: str, error: Exception) -> str:
    """The exception and its place in this project, after its traceback is written to a file."""
    log = LOGS / f"{name}.traceback.txt"
    log.parent.mkdir(exist_ok=True)
    log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(ROOT)]
    ours = [f for f in ours if "site-packages" not in f.filename] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
    return f"{type(error).__name__}: {brief(error)} ({place}); the traceback is in {log}"


def seed(text: str) -> int:
    """A run's seed as it is written on the command line.

    Raises:
        UserError: it is no whole number from 0 to 2^32 - 1.
    """
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) >= 2**32:
        raise UserError(f"SEED = {brief(text)!r}; allowed: a whole number from 0 to {2**32 - 1}")
    return int(text)
