"""The list of a lottery for the public and the notary: entrants before the draw, their order after it, names masked."""

from __future__ import annotations

import csv
import hashlib
from typing import Any

import pytest

from anchang.deals.models import Lottery
from anchang.opening.drawn import recomputes
from tests.deals.test_launch import SEED, issue, make_scheme
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db


def listed(client: Any, lottery: Lottery) -> tuple[dict[str, str], list[dict[str, str]]]:
    lines = client.get(f"/openings/lotteries/{lottery.pk}/list.csv").content.decode("utf-8-sig").splitlines()
    facts = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    return facts, list(csv.DictReader(line for line in lines if not line.startswith("# ")))


def test_the_list_before_and_after_the_draw(desk, client):
    scheme, director = make_scheme(desk), desk.office.access("director")
    for n in range(4):
        issue(desk, scheme, n)
    run("end_registration", director, scheme)
    commitment = hashlib.sha256(SEED.encode()).hexdigest()
    lottery = run("commit_lottery", director, scheme, commitment=commitment, public_source="体彩 26320 期")
    client.login(username="consultant2", password=PASSWORD)
    facts, rows = listed(client, lottery)
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"] and {row["place"] for row in rows} == {""}
    assert (facts["seed_hash"], facts["seed"]) == (commitment, ""), "the seed is the notary's until the draw"
    run("draw_lottery", director, lottery, seed=SEED, public_value="0123456")
    lottery.refresh_from_db()
    facts, rows = listed(client, lottery)
    wanted = sorted(range(1, 5), key=lambda n: hashlib.sha256(f"{SEED}|{facts['public_value']}|{n}".encode()).hexdigest())
    assert [int(row["number"]) for row in rows] == wanted == lottery.result
    assert {row["name"] for row in rows} == {"客**"}, "no name in full"
    page = client.get(f"/openings/lotteries/{lottery.pk}/").content.decode()
    table = page.split("<table", 1)[1].split("</table>")[0]
    assert "客**" in table and "客户" not in table and SEED.replace("'", "&#x27;") in page
    assert f"/openings/lotteries/{lottery.pk}/" in client.get("/openings/").content.decode()
    assert recomputes(lottery) is True
    lottery.result = lottery.result[::-1]
    assert recomputes(lottery) is False
