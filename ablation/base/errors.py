"""The error that a person can correct, as opposed to a defect of the program."""

from __future__ import annotations

LONGEST = 80  # characters of what a message quotes


class UserError(ValueError):
    """A person's mistake or a failed circumstance, told in one line: what, where, what to do.

    A stage ends with the message alone. Any other exception is a defect and keeps its traceback.
    """


def brief(value: object) -> str:
    """What a message quotes of something foreign: one line, printable, at most 80 characters."""
    try:
        text = str(value)
    except ValueError:  # an integer of more digits than Python prints
        text = f"a {type(value).__name__} too long to print"
    line = "".join(c if c.isprintable() else "?" for c in " ".join(text[:1000].split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."
