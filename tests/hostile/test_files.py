"""Files are seen with the record that they belong to; a list of files names nobody else's."""

from __future__ import annotations

import pytest

from anchang.kernel.errors import DomainError
from anchang.platform import files, reading, resources
from anchang.platform.reading import Query
from tests.factories import make_office, run

pytestmark = pytest.mark.django_db


def test_a_consultant_sees_no_names_of_a_colleague_s_files() -> None:
    office = make_office()
    with office.as_("consultant1") as access:
        customer = run("add_customers", access, project="YQ", name="王晓明", phone="13800010001")
    with office.as_("manager") as access:
        stored = files.save(
            office.project, "王晓明身份证.jpg", b"x", resource="customers", record_id=customer.pk,
            user_id=access.actor.user_id,
        )  # fmt: skip
    with office.as_("consultant5") as access:
        listed = reading.list_rows(resources.get("files"), access, Query(count=True))
        assert (listed.items, listed.count) == ([], 0)
        with pytest.raises(DomainError) as caught:
            files.readable_file(access, stored.pk)
        assert caught.value.code == "not_found"
    with office.as_("consultant1") as access:
        assert files.readable_file(access, stored.pk) == stored, "his customer's file, put there by the manager"
    with office.as_("manager") as access:
        assert reading.list_rows(resources.get("files"), access, Query(count=True)).count == 1
