"""Encoding and delimiter of a text table, found from its content."""

import codecs
import csv
from dataclasses import dataclass
from typing import BinaryIO

from anchang.kernel.errors import DomainError

CHUNK = 1024 * 1024
SAMPLE = 8192
DELIMITERS = ",\t;|"
BINARY_STARTS = (
    b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf",
    b"BZh", b"PK", b"SQLite format", b"{\\rtf",
)  # fmt: skip
MARKUP_STARTS = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<?php", b"<script", b"<svg")
BROKEN_SHARE = 0.001
"""A GB18030 file with fewer broken characters than this is still that encoding; its broken cells are
refused."""


@dataclass(frozen=True)
class Encoding:
    name: str
    errors: str = "strict"


def find_encoding(stream: BinaryIO, name: str) -> Encoding:
    """The encoding of the whole stream: by its mark, else UTF-8, UTF-16 or GB18030, whichever reads it all.

    Raises file_unknown when the content isn't text.
    """
    stream.seek(0)
    sample = stream.read(SAMPLE)
    if sample.startswith(codecs.BOM_UTF8):
        return _confirmed(stream, name, ("utf-8-sig", "gb18030"))
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _confirmed(stream, name, ("utf-16",))
    lowered = sample.lstrip()[:16].lower()
    if sample.startswith(BINARY_STARTS) or lowered.startswith(MARKUP_STARTS):
        raise DomainError("file_unknown", status=422, name=name)
    wide = _utf16_without_mark(sample)
    if wide:
        return _confirmed(stream, name, (wide,))
    if _control_share(sample) > 0.02:
        raise DomainError("file_unknown", status=422, name=name)
    return _confirmed(stream, name, ("utf-8", "gb18030"))


def _utf16_without_mark(sample: bytes) -> str:
    """Latin letters, digits and line ends in UTF-16 have a zero in every second byte."""
    half = len(sample) // 2
    if half < 4:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > half * 0.2 and even < half * 0.02:
        return "utf-16-le"
    if even > half * 0.2 and odd < half * 0.02:
        return "utf-16-be"
    return ""


def _control_share(sample: bytes) -> float:
    control = sum(byte < 32 and byte not in (9, 10, 13) for byte in sample)
    return control / max(len(sample), 1)


def _confirmed(stream: BinaryIO, name: str, candidates: tuple[str, ...]) -> Encoding:
    for candidate in candidates:
        if _broken_share(stream, candidate, stop_at_first=True) == 0:
            return Encoding(candidate)
    last = candidates[-1]
    if _broken_share(stream, last, stop_at_first=False) < BROKEN_SHARE:
        return Encoding(last, "replace")
    raise DomainError("file_unknown", status=422, name=name)


def _broken_share(stream: BinaryIO, encoding: str, stop_at_first: bool) -> float:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("strict" if stop_at_first else "replace")
    broken = total = 0
    while True:
        chunk = stream.read(CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeError:
            return 1.0
        broken += text.count("\ufffd")
        total += len(text)
        if not chunk:
            return 0.0 if stop_at_first else broken / max(total, 1)


def find_delimiter(text: str) -> str:
    """The delimiter that cuts most of the lines into the same, largest number of cells; a comma when none
    does."""
    best, best_score = ",", 0
    for delimiter in DELIMITERS:
        score = _delimiter_score(text, delimiter)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _delimiter_score(text: str, delimiter: str) -> int:
    """Rows of the commonest width × (width − 1), over the first hundred records."""
    counts: dict[int, int] = {}
    try:
        for number, record in enumerate(csv.reader(text.splitlines(keepends=True), delimiter=delimiter)):
            if number >= 100:
                break
            counts[len(record)] = counts.get(len(record), 0) + 1
    except csv.Error:
        return 0
    return max((rows * (width - 1) for width, rows in counts.items()), default=0)
