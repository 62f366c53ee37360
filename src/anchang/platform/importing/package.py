"""Guards for packed workbooks: what a workbook would unpack to is measured before it is opened.

The sizes that a zip file states about itself are never trusted: each part is unpacked in small pieces and
counted.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from anchang.kernel.errors import DomainError

if TYPE_CHECKING:
    from anchang.platform.importing.reader import Limits

PIECE = 256 * 1024
SMALL_PART = 1024 * 1024
"""Parts that unpack to less than this may have any ratio: a blank sheet packs very well."""
MAX_PARTS = 5000
LOCAL_HEADER = struct.Struct("<4s5H3I2H")
SMALLEST_CELL = 20
"""Bytes of the shortest cell that refers to a shared text: `<c t="s"><v>0</v></c>`."""
TEXT_BUDGET = 512 * 1024 * 1024
"""Characters that all cells together may have, each repeated text counted as often as it is used."""

_CELL_AT = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})?(\d{1,9})["']""")
_SHARED_USE = re.compile(rb"""t\s*=\s*["']s["'][^>]*>\s*<(?:\w+:)?v>(\d+)<""")
_SHARED_TEXT = re.compile(rb"</(?:\w+:)?si>")


@dataclass
class _Grid:
    rows: int = 0
    columns: int = 0


def looks_encrypted(stream: BinaryIO) -> bool:
    """Whether an old-style container wraps a workbook that is locked with a password."""
    stream.seek(0)
    return "EncryptedPackage".encode("utf-16-le") in stream.read()


def check_package(stream: BinaryIO, name: str, limits: "Limits") -> None:
    """Raise unless the stream is a workbook of a tolerable size: file_unknown, file_damaged,
    file_encrypted, file_zip_bomb (unpacked bytes, ratio, number of parts, a grid or repeated texts beyond
    the limits)."""
    stream.seek(0)
    try:
        parts = zipfile.ZipFile(stream).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise DomainError("file_damaged", status=422, name=name) from error
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        raise DomainError("file_unknown", status=422, name=name)
    if any(part.flag_bits & 1 for part in parts):
        raise DomainError("file_encrypted", status=422, name=name)
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > limits.unzipped_bytes:
        raise DomainError("file_zip_bomb", status=422, name=name)
    sizes: dict[str, int] = {}
    for part in parts:
        sizes[part.filename] = _check_part(stream, part, name, limits, sum(sizes.values()))
    shared = next((part for part in parts if _is_shared_texts(part)), None)
    if shared is not None:
        _check_shared_texts(stream, shared, [part for part in parts if part is not shared], sizes, name)


def _is_shared_texts(part: zipfile.ZipInfo) -> bool:
    return part.filename.lower() == "xl/sharedstrings.xml"


def _check_part(stream: BinaryIO, part: zipfile.ZipInfo, name: str, limits: "Limits", before: int) -> int:
    """The part's real size in bytes."""
    has_cells = not _is_shared_texts(part)
    size, tail, grid = 0, b"", _Grid()
    for piece in _pieces(stream, part, name):
        size += len(piece)
        if before + size > limits.unzipped_bytes:
            raise DomainError("file_zip_bomb", status=422, name=name)
        if size > SMALL_PART and size > limits.unzip_ratio * max(part.compress_size, 1):
            raise DomainError("file_zip_bomb", status=422, name=name)
        if has_cells:
            _measure(tail + piece, grid)
            tail = piece[-64:]
            if (grid.rows + 1) * (grid.columns + 1) > limits.grid_cells:
                raise DomainError("file_zip_bomb", status=422, name=name)
    return size


def _measure(text: bytes, grid: _Grid) -> None:
    """Widen the grid to the furthest cell named in the text: a lone cell at XFD1048576 makes a dense
    grid."""
    letters: set[bytes] = set()
    for column, row in set(_CELL_AT.findall(text)):
        letters.add(column)
        number = int(row)
        if number > grid.rows:
            grid.rows = number
    for column in letters:
        grid.columns = max(grid.columns, _column_number(column))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _pieces(stream: BinaryIO, part: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    """The part unpacked piece by piece, whatever size its headers state."""
    stream.seek(part.header_offset)
    header = stream.read(LOCAL_HEADER.size)
    if len(header) < LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise DomainError("file_damaged", status=422, name=name)
    fields = LOCAL_HEADER.unpack(header)
    stream.seek(fields[-2] + fields[-1], 1)
    left = part.compress_size
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DomainError("file_unknown", status=422, name=name)
    inflate = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0:
        packed = stream.read(min(left, PIECE))
        if not packed:
            raise DomainError("file_damaged", status=422, name=name)
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        try:
            while packed and not inflate.eof:
                yield inflate.decompress(packed, PIECE)
                packed = inflate.unconsumed_tail
        except zlib.error as error:
            raise DomainError("file_damaged", status=422, name=name) from error


def _check_shared_texts(
    stream: BinaryIO,
    shared: zipfile.ZipInfo,
    others: list[zipfile.ZipInfo],
    sizes: dict[str, int],
    name: str,
) -> None:
    """Refuse a workbook whose cells repeat long shared texts until they fill the memory."""
    lengths = [len(text) for text in _SHARED_TEXT.split(b"".join(_pieces(stream, shared, name)))]
    longest = max(lengths)
    for part in others:
        if sizes[part.filename] // SMALLEST_CELL * longest <= TEXT_BUDGET:
            continue
        used, tail = 0, b""
        for piece in _pieces(stream, part, name):
            text = tail + piece
            used += sum(lengths[at] for at in map(int, _SHARED_USE.findall(text)) if at < len(lengths))
            tail = text[-64:]
            if used > TEXT_BUDGET:
                raise DomainError("file_zip_bomb", status=422, name=name)
