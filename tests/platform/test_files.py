"""Files as chunked rows: the same bytes once, read back whole, seen only by those who see their record."""

from __future__ import annotations

import os

import pytest

from anchang.kernel.errors import DomainError
from anchang.platform import files
from anchang.platform.models import FileChunk, JobReport, StoredFile
from tests.factories import make_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db):
    return make_office()


@pytest.mark.parametrize("size", [0, 1, files.CHUNK - 1, files.CHUNK, 3 * files.CHUNK + 17])
def test_what_is_saved_is_read(office, size):
    content = os.urandom(size)
    with office.as_("system"):
        stored = files.save(office.project, "附件.bin", content)
        assert stored.size == size and b"".join(files.stream(stored)) == content
        with files.as_path(stored) as path:
            assert path.read_bytes() == content
        copy = files.copy_out(stored)
    assert copy.read() == content


def test_a_stored_file_can_be_read_from_any_place(office):
    content = os.urandom(2 * files.CHUNK + 5)
    with office.as_("system"):
        stored = files.save(office.project, "x.bin", content)
        with files.open_file(stored) as found:
            found.seek(files.CHUNK - 3)
            assert found.read(10) == content[files.CHUNK - 3 : files.CHUNK + 7]
            found.seek(-4, os.SEEK_END)
            assert found.read() == content[-4:]


def test_the_same_bytes_are_kept_once_and_go_with_the_last_file(office):
    content = os.urandom(files.CHUNK + 1)
    with office.as_("system"):
        first = files.save(office.project, "a.bin", content)
        second = files.save(office.project, "b.bin", content)
        assert FileChunk.objects.count() == 2
        files.forget(first)
        assert b"".join(files.stream(second)) == content
        files.forget(second)
        assert not FileChunk.objects.exists()


def test_another_project_neither_sees_nor_shares_the_bytes(office):
    from tests.factories import make_project

    content = b"x" * 1000
    other = make_project("ZZ", "别处")
    with office.as_("system"):
        stored = files.save(office.project, "a.bin", content)
    from anchang.platform.access import system_access
    from anchang.platform.scope import open_scope

    with open_scope(system_access([other.pk])):
        assert not StoredFile.objects.filter(pk=stored.pk).exists()
        assert not files.storage().exists(f"{office.project.pk}/{stored.sha256}")


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\表.xlsx", "表.xlsx"),
        ("a\x00b\n.csv", "ab.csv"),
        ("", "file"),
        ("..", "file"),
    ],
)
def test_names_are_made_harmless(name, clean):
    assert files.clean_name(name) == clean
    assert len(files.clean_name("长" * 300 + ".xlsx")) <= 120


def test_a_file_is_readable_with_its_record_only(office):
    with office.as_("system"):
        mine = JobReport.objects.create(
            project=office.project, kind="export", title="x", user=office.users["consultant1"]
        )
        stored = files.save(office.project, "x.csv", b"a", resource="jobs", record_id=mine.pk)
    with office.as_("consultant1") as access:
        assert files.readable_file(access, stored.pk) == stored
    with office.as_("consultant2") as access, pytest.raises(DomainError) as error:
        files.readable_file(access, stored.pk)
    assert error.value.status == 404
