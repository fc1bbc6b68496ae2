"""The error that a person can correct, as opposed to a defect of the program."""

from __future__ import annotations


class UserError(ValueError):
    """A person's mistake or a failed circumstance, told in one line: what, where, what to do.

    A stage ends with the message alone. Any other exception is a defect and keeps its traceback.
    """
