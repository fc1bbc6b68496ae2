"""An error that the user can correct, as opposed to a bug."""

from __future__ import annotations

LONGEST = 80  # characters of what a message quotes


class UserError(ValueError):
    """A person's mistake or a failed circumstance, told in one line: what, where, what to do."""


def brief(value: object) -> str:
    """What a message quotes of something foreign: one line of at most 80 characters."""
    line = " ".join(str(value).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."
