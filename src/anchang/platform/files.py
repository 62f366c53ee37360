"""Files as chunked rows by SHA-256, behind Django's Storage.

    stored = save(project, "leads.csv", source, resource="imports", record_id=job.pk)
    with as_path(stored) as path: ...
    for piece in stream(stored): ...

`settings.STORAGES["files"]` may name another storage (S3); names are "<project id>/<sha256>". Everything runs
inside an open scope: chunks are under row-level security like any other row.
"""

from __future__ import annotations

import hashlib
import io
import mimetypes
import os
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.db.models.functions import Length
from django.utils.deconstruct import deconstructible

from anchang.kernel.errors import DomainError, not_found
from anchang.platform import reading, resources
from anchang.platform.access import Access
from anchang.platform.models import FileChunk, Project, StoredFile

CHUNK = 512 * 1024
IN_MEMORY = 4 * 1024 * 1024
_CHUNKS_PER_INSERT = 4


# --- the storage ---------------------------------------------------------------------------------


class ChunkFile(io.RawIOBase):
    """A stored file for reading, forwards and by position; one chunk is held at a time."""

    def __init__(self, project_id: int, sha256: str) -> None:
        self.rows = FileChunk.objects.filter(project_id=project_id, sha256=sha256)
        self.sizes = list(self.rows.order_by("seq").annotate(n=Length("data")).values_list("n", flat=True))
        self.length, self.at = sum(self.sizes), 0
        self.held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.length}[whence]
        self.at = max(0, start + offset)
        return self.at

    def readinto(self, buffer: Any) -> int:
        if self.at >= self.length:
            return 0
        seq, inside = divmod(self.at, CHUNK)
        if self.held[0] != seq:
            self.held = seq, bytes(self.rows.values_list("data", flat=True).get(seq=seq))
        piece = self.held[1][inside : inside + len(buffer)]
        buffer[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)


@deconstructible
class ChunkStorage(Storage):
    """Django's Storage on `FileChunk` rows. Named "<project id>/<sha256>": the same bytes are kept once."""

    def _open(self, name: str, mode: str = "rb") -> File:
        project_id, sha256 = _parts(name)
        return File(io.BufferedReader(ChunkFile(project_id, sha256), CHUNK), name)

    def _save(self, name: str, content: Any) -> str:
        project_id, sha256 = _parts(name)
        batch: list[FileChunk] = []
        for seq, data in enumerate(_pieces(content)):
            batch.append(FileChunk(project_id=project_id, sha256=sha256, seq=seq, data=data))
            if len(batch) == _CHUNKS_PER_INSERT:
                FileChunk.objects.bulk_create(batch, ignore_conflicts=True)
                batch = []
        FileChunk.objects.bulk_create(batch, ignore_conflicts=True)
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def exists(self, name: str) -> bool:
        project_id, sha256 = _parts(name)
        return FileChunk.objects.filter(project_id=project_id, sha256=sha256).exists()

    def delete(self, name: str) -> None:
        project_id, sha256 = _parts(name)
        FileChunk.objects.filter(project_id=project_id, sha256=sha256).delete()

    def size(self, name: str) -> int:
        return ChunkFile(*_parts(name)).length


def storage() -> Storage:
    return storages["files"] if "files" in settings.STORAGES else ChunkStorage()


def _parts(name: str) -> tuple[int, str]:
    project_id, sha256 = name.split("/")
    return int(project_id), sha256


def _pieces(content: Any) -> Iterator[bytes]:
    content.seek(0)
    while piece := content.read(CHUNK):
        yield piece


# --- stored files --------------------------------------------------------------------------------


def save(
    project: Project,
    name: str,
    source: bytes | str | Path | BinaryIO | File,
    *,
    resource: str = "",
    record_id: int | None = None,
    kind: str = "",
    user_id: int | None = None,
) -> StoredFile:
    """Keep a file of the project. The same bytes are stored once, whatever they are called."""
    with _opened(source) as content:
        size, sha256 = _measure(content)
        place = f"{project.pk}/{sha256}"
        if size and not storage().exists(place):
            storage().save(place, File(content, name=place))
    return StoredFile.objects.create(
        project=project, name=clean_name(name), content_type=content_type(name), size=size, sha256=sha256,
        resource=resource, record_id=record_id, kind=kind, created_by_id=user_id,
    )  # fmt: skip


@contextmanager
def _opened(source: bytes | str | Path | BinaryIO | File) -> Iterator[Any]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    elif isinstance(source, str | Path):
        with open(source, "rb") as content:
            yield content
    else:
        yield source


def _measure(content: Any) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for piece in _pieces(content):
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


def clean_name(name: str) -> str:
    """The last part of a file's name, without characters that paths, headers or the database can't hold."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    text = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*').strip(" .")
    if len(text) > 120:
        stem, dot, end = text.rpartition(".")
        text = stem[:100] + dot + end[:10] if dot else text[:120]
    return text or "file"


def content_type(name: str) -> str:
    return (mimetypes.guess_type(name)[0] or "application/octet-stream")[:100]


def open_file(stored: StoredFile) -> File:
    """The bytes, for reading inside the open scope."""
    if not stored.size:
        return File(io.BytesIO(), stored.name)
    return storage().open(f"{stored.project_id}/{stored.sha256}")


def stream(stored: StoredFile) -> Iterator[bytes]:
    with open_file(stored) as content:
        while piece := content.read(CHUNK):
            yield piece


def copy_out(stored: StoredFile) -> BinaryIO:
    """A temporary copy that outlives the scope; removed when closed."""
    copy = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the caller's response closes it)
    for piece in stream(stored):
        copy.write(piece)
    copy.seek(0)
    return copy  # type: ignore[return-value]


@contextmanager
def as_path(stored: StoredFile) -> Iterator[Path]:
    """A temporary copy on disk, for readers that need a path. It may be used after the scope is closed."""
    with tempfile.NamedTemporaryFile(prefix="anchang-", suffix=Path(stored.name).suffix[:10]) as copy:
        for piece in stream(stored):
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)


def forget(stored: StoredFile) -> None:
    """Delete the file, and its bytes when no other file of the project has the same."""
    project_id, sha256 = stored.project_id, stored.sha256
    stored.delete()
    if not StoredFile.everything.filter(project_id=project_id, sha256=sha256).exists():
        storage().delete(f"{project_id}/{sha256}")


def readable_file(access: Access, file_id: int) -> StoredFile:
    """A file that the actor may read: one of a record that he may see, whoever put it there; one that stands
    alone, if it is in the reach of `files.view`. Raises not_found otherwise."""
    projects = access.projects_for("files.view")
    stored = StoredFile.objects.filter(pk=file_id, project__in=projects).first()
    if stored is None:
        raise not_found()
    if not stored.resource or stored.record_id is None:
        found: StoredFile = reading.get_record(resources.get("files"), access, file_id)
        return found
    owner = resources.find(stored.resource)
    if owner is None:
        raise not_found()
    try:
        reading.get_record(owner, access, stored.record_id)
    except DomainError:
        raise not_found() from None
    return stored


__all__ = [
    "ChunkStorage", "as_path", "clean_name", "copy_out", "forget", "open_file", "readable_file", "save",
    "storage", "stream",
]  # fmt: skip
