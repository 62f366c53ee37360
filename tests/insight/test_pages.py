"""Reports from outside: API, pages and Excel files, for every role and in both languages."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.db import connection

from anchang.insight.catalogue import REPORTS
from tests.factories import PASSWORD, Office, make_office
from tests.insight import test_sales
from tests.insight.books import Books

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    found = make_office()
    with found.as_("manager"):
        test_sales.fill(Books(found))
        connection.check_constraints()  # now: the requests below leave another scope in this transaction
    return found


def token(client, who: str) -> dict[str, str]:
    answer = client.post(
        "/api/v1/auth/tokens", {"username": who, "password": PASSWORD}, content_type="application/json"
    )
    return {"Authorization": "Bearer " + answer.json()["token"]}


def test_every_report_by_api_as_numbers_and_as_a_file(office, client):
    head = token(client, "manager")
    listed = client.get("/api/v1/reports", headers=head).json()["items"]
    assert {r["key"] for r in listed} == set(REPORTS)
    for key in REPORTS:
        query = {"project": "YQ", "date": "2025-03-10", "from": "2025-01-01", "to": "2025-12-31"}
        answer = client.get(f"/api/v1/reports/{key}", query, headers=head)
        assert answer.status_code == 200, (key, answer.content[:500])
        assert answer.json()["projects"][0]["code"] == "YQ"
        assert "drill" in answer.json() or key == "personal-funnel"
        file = client.get(f"/api/v1/reports/{key}/export", query, headers=head)
        assert file.status_code == 200 and file["Content-Disposition"].endswith('.xlsx"')
        with zipfile.ZipFile(io.BytesIO(file.content)) as book:
            assert any(name.startswith("xl/worksheets/") for name in book.namelist())


def test_refusals_by_api(office, client):
    make_office("QT", "qt-")
    head = token(client, "consultant1")
    assert client.get("/api/v1/reports/sales-daily", {"project": "QT"}, headers=head).status_code == 404
    assert client.get("/api/v1/reports/funnel", {"from": "2025-02-30"}, headers=head).status_code == 422
    assert client.get("/api/v1/reports/funnel").status_code == 401
    body = client.get("/api/v1/reports/funnel", {"basis": "both"}, headers=head).json()
    assert body["code"] == "bad_input" and set(body["fields"]) == {"basis"}


@pytest.mark.parametrize("who", ["manager", "consultant1", "finance", "group"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_shows(office, client, who, language):
    client.force_login(office.users[who])
    client.cookies["django_language"] = language
    shown = client.get("/reports/")
    assert shown.status_code == 200
    seen = [key for key in REPORTS if f"/reports/{key}/".encode() in shown.content]
    assert "ranking" in seen and "funnel" in seen
    for key in seen:
        page = client.get(
            f"/reports/{key}/", {"date": "2025-03-10", "from": "2025-01-01", "to": "2025-12-31", "by": "team"}
        )
        assert page.status_code == 200, key


def test_a_bad_date_keeps_what_was_typed(office, client):
    client.force_login(office.users["manager"])
    page = client.get("/reports/funnel/", {"from": "2025-03-31", "to": "2025-03-01"})
    assert page.status_code == 422 and b'value="2025-03-31"' in page.content
    assert client.get("/reports/nothing/").status_code == 404


def test_the_page_gives_the_file_and_the_rows_behind_a_number(office, client):
    client.force_login(office.users["manager"])
    file = client.get("/reports/sales-daily/", {"date": "2025-03-10", "format": "xlsx"})
    assert file["Content-Type"].endswith("spreadsheetml.sheet")
    page = client.get("/reports/sales-daily/", {"date": "2025-03-10"})
    assert b"/r/visits/?where=" in page.content
    assert b"data-chart" in page.content
