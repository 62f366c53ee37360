"""What every consultant reads about a unit tells nothing about the people of its former deals."""

from __future__ import annotations

import pytest

from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db
TERMINATION, COURT, RELEASED = "李四离婚诉讼中", "法院查封：王五欠款案", "查封已解除：王五还款"


@pytest.fixture
def unit(desk):
    """A unit whose contract ended and that was seized meanwhile, both with a text about people."""
    contract = desk.sign()
    director = desk.office.access("director")
    run("terminate_contract", director, contract, reason=TERMINATION, fault="none")
    run("lock_unit", director, desk.unit(), kind="seized", reason=COURT)
    desk.stock.release_paper(desk.unit())
    run("unlock_unit", director, desk.unit(), kind="seized", reason=RELEASED)
    return desk.unit()


def read_by(client, who, unit):
    assert client.login(username=who, password=PASSWORD)
    pages = [
        f"/api/v1/units/{unit.pk}", f"/api/v1/units/{unit.pk}/events", "/api/v1/unit-locks", "/api/v1/unit-state-changes",
        f"/r/units/{unit.pk}/", f"/board/unit/{unit.pk}/", f"/board/unit/{unit.pk}/history",
        f"/r/units/{unit.pk}/?tab=unit-locks.unit", f"/r/units/{unit.pk}/?tab=unit-state-changes.unit",
    ]  # fmt: skip
    answers = [client.get(page) for page in pages]
    assert {a.status_code for a in answers} == {200}
    return "\n".join(a.content.decode() for a in answers)


@pytest.mark.parametrize("who", ["consultant1", "consultant5"])
def test_the_floor_reads_a_neutral_word(client, desk, unit, who):
    seen = read_by(client, who, unit)
    assert not any(text in seen for text in (TERMINATION, COURT, RELEASED))
    assert '"cause":"deal_ended"' in seen.replace(" ", "") and '"kind":"seized"' in seen.replace(" ", "")
    assert unit.control_reason and unit.control_reason != TERMINATION


def test_the_text_is_kept_for_those_with_the_right(client, desk, unit):
    seen = read_by(client, "director", unit)
    assert all(text in seen for text in (TERMINATION, COURT, RELEASED))
