"""The opcodes of a pickle, walked over without doing what they say: a look before the leap.

A few bytes can ask the unpickler for gigabytes, a memo with four billion places say, before any
name is looked up. A pickled array has some fifty opcodes, and two places in the memo for each.
"""

from __future__ import annotations

import pickletools
from typing import BinaryIO

from ablation.base.errors import UserError

MOST = 10_000  # opcodes, and places in the memo
LONGEST_NAME = 1000  # bytes of a line that is no content

OPCODES = {code.code: code for code in pickletools.opcodes}
PUTS = ("PUT", "BINPUT", "LONG_BINPUT")
CONTENT = ("UNICODE", "STRING")  # protocol 0 keeps an array's bytes in a line
NAMES = ("GLOBAL", "INST")  # whose argument is two lines
# How many bytes hold the length of an argument, by the mark that pickletools has for it.
LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}


def check_opcodes(file: BinaryIO, size: int) -> None:
    """Refuses a pickle that asks for more than its own bytes.

    Args:
        file: at the beginning of the pickle.
        size: of the file in bytes.

    Raises:
        UserError: that, an unknown opcode, or a file that ends before the pickle does.
    """
    for _ in range(MOST):
        code = OPCODES.get(_bytes(file, 1).decode("latin-1"))
        if code is None:
            raise UserError("is no pickle: it holds an unknown opcode")
        if code.name == "STOP":
            return
        argument = _argument(file, code, size)
        if code.name in PUTS and _place(code.name, argument) > MOST:
            raise UserError(f"asks for a memo of more than {MOST} places, as no array does")
    raise UserError(f"holds more than {MOST} opcodes, as no array does")


def _argument(file: BinaryIO, code: pickletools.OpcodeInfo, size: int) -> bytes:
    """The argument of an opcode, empty where it is content, which is passed over."""
    if code.arg is None:
        return b""
    if code.arg.n in LENGTHS:
        length = int.from_bytes(_bytes(file, LENGTHS[code.arg.n]), "little")
        if length > size - file.tell():
            raise UserError("is cut: it ends before its content does")
        file.seek(length, 1)
        return b""
    if code.arg.n == pickletools.UP_TO_NEWLINE:
        for _ in range(2 if code.name in NAMES else 1):
            line = file.readline(size if code.name in CONTENT else LONGEST_NAME)
            if not line.endswith(b"\n"):
                raise UserError("is no pickle: a line in it does not end")
        return line
    return _bytes(file, code.arg.n)


def _place(name: str, argument: bytes) -> int:
    if name != "PUT":
        return int.from_bytes(argument, "little")
    digits = argument.strip()
    if not digits.isdigit() or len(digits) > 10:
        raise UserError("is no pickle: a place in its memo is no number")
    return int(digits)


def _bytes(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise UserError("is cut: it ends before the pickle does")
    return found
