"""Text for a terminal of any width, 120 columns where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

WIDTH = 120  # columns without a terminal


def width() -> int:
    return shutil.get_terminal_size((WIDTH, 24)).columns


def wrapped(head: str, words: Sequence[str], columns: int) -> list[str]:
    """`head` and the words after it, commas between, below each other where the line is full.

    A word that is too long for a line of its own is cut.
    """
    lines, line, room = [], head, max(columns - len(head) - 1, 10)
    for number, word in enumerate(words, 1):
        word = word if len(word) <= room else f"{word[: room - 1]}…"
        word += "," if number < len(words) else ""
        if len(line) + len(word) > columns and len(line) > len(head):
            lines.append(line.rstrip())
            line = " " * len(head)
        line += f"{word} "
    return [*lines, line.rstrip()]
