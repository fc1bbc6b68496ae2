"""What every stage script does around its work: a person's mistake is one line, not a traceback."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from ablation.base.errors import UserError, brief


def run(stage: str, main: Callable[..., None], **arguments: Callable[[str], Any]) -> None:
    """Runs a stage with the command line's arguments.

    A person's mistake, a missing file, a full disk or too little memory ends it with one line and
    exit status 1; wrong arguments with how to call it and status 2. `--help` prints what the stage
    does. A defect of the program (any other exception) keeps its traceback.

    Args:
        stage: its name, as of its module.
        main: takes the arguments by name; its module's docstring is the help.
        arguments: name -> what reads the text of that argument: `str`, or `seed`. It raises a
            UserError for what it refuses.
    """
    usage = " ".join([f"usage: python -m stages.{stage}", *(name.upper() for name in arguments)])
    given = sys.argv[1:]
    if any(text in ("-h", "--help") for text in given):
        print(f"{usage}\n\n{(main.__globals__.get('__doc__') or '').strip()}")
        return
    if len(given) != len(arguments):
        _misused(f"{stage}: {len(given)} arguments instead of {len(arguments)}; {usage}")
    try:
        pairs = zip(arguments.items(), given, strict=True)
        values = {name: read(text) for (name, read), text in pairs}
    except UserError as error:
        _misused(f"{stage}: {error}; {usage}")
    try:
        main(**values)
    except UserError as error:
        sys.exit(f"{stage}: {error}")
    except OSError as error:
        if error.errno is None:  # raised by a library for something that is no file
            raise
        sys.exit(f"{stage}: {_told(error)}")
    except MemoryError as error:
        reason = f" ({brief(error)})" if str(error) else ""
        sys.exit(f"{stage}: needs more memory than this machine has{reason}")
    except KeyboardInterrupt:
        sys.exit(f"{stage}: interrupted; run the same command again to go on")


def seed(text: str) -> int:
    """A run's seed as it is written on the command line.

    Raises:
        UserError: it is no whole number from 0 to 2^32 - 1.
    """
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) >= 2**32:
        raise UserError(f"SEED = {brief(text)!r}; allowed: a whole number from 0 to {2**32 - 1}")
    return int(text)


def _told(error: OSError) -> str:
    """A failure of a file in words, with its name."""
    if error.filename is None:
        return error.strerror or brief(error)
    path = os.fsdecode(error.filename) if not isinstance(error.filename, int) else error.filename
    if isinstance(error, FileNotFoundError):
        return f"{path} is missing; run `dvc repro`, which makes it"
    return f"{path}: {error.strerror}"


def _misused(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(2)
