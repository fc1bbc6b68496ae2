"""What every stage script does around its work: a person's mistake is one line, not a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ablation.base.errors import UserError


def run(stage: str, main: Callable[[], None]) -> None:
    """Runs a stage. A person's mistake or a missing file ends it with one line and exit status 1.

    A defect of the program (any other exception) keeps its traceback.
    """
    try:
        main()
    except UserError as error:
        sys.exit(f"{stage}: {error}")
    except FileNotFoundError as error:
        if error.filename is None:  # raised by a library for something that is not a file
            raise
        sys.exit(f"{stage}: {error.filename} is missing; run `dvc repro`, which makes it")
    except KeyboardInterrupt:
        sys.exit(f"{stage}: interrupted; run the same command again to go on")
