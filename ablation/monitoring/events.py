"""TensorBoard's event files, without TensorFlow: a run on JAX or torch need not load it for them.

A file is a row of records: length (uint64), its checksum, the event, its checksum (masked CRC-32C,
uint32), all little-endian. An event is a protocol buffer of TensorFlow's core/util/event.proto.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping
from pathlib import Path

NAME = "events.out.tfevents"  # what TensorBoard looks for


class Events:
    """Writes scalars into an event file of its own for each process that trains the run."""

    def __init__(self, folder: Path, done: int) -> None:
        """
        Args:
            folder: the run's; TensorBoard reads its files in the order of their names.
            done: epochs of the run so far; with none the files that are there are an older run's.
        """
        if done == 0:
            for path in folder.glob(f"{NAME}.*"):
                path.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{NAME}.{time.time_ns():020d}"
        self._write(b"\x1a" + _sized(b"brain.Event:2"))
        # A session that starts: TensorBoard forgets the points from this step on.
        self._write(b"\x10" + _varint(done + 1) + b"\x3a" + _sized(b"\x08\x01"))

    def add(self, epoch: int, values: Mapping[str, float]) -> None:
        summary = b"".join(
            b"\x0a" + _sized(b"\x0a" + _sized(name.encode()) + b"\x15" + struct.pack("<f", value))
            for name, value in values.items()
        )
        self._write(b"\x10" + _varint(epoch) + b"\x2a" + _sized(summary))

    def _write(self, fields: bytes) -> None:
        event = b"\x09" + struct.pack("<d", time.time()) + fields
        length = struct.pack("<Q", len(event))
        with self._path.open("ab") as file:
            file.write(length + _checksum(length) + event + _checksum(event))


def _varint(number: int) -> bytes:
    """A whole number in groups of seven bits, the lowest first."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F)
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


def _sized(content: bytes) -> bytes:
    return _varint(len(content)) + content


def _checksum(content: bytes) -> bytes:
    """CRC-32C (Castagnoli), masked as TensorFlow does in lib/hash/crc32c.h."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ 0x82F63B78 * (byte & 1)
    return byte


_TABLE = [_remainder(byte) for byte in range(256)]
