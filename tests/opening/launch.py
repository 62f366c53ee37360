"""An opening for tests: a desk with released units, a scheme with its checklist ticked, admitted buyers."""

from __future__ import annotations

import datetime as dt
import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from anchang.deals.models import LaunchScheme
from anchang.opening import passes
from anchang.opening.models import Attempt, Opening, OpeningBuyer
from tests.deals.desk import Desk
from tests.factories import run

HOUR = dt.timedelta(hours=1)


@dataclass
class Launch:
    desk: Desk
    scheme: LaunchScheme
    opening: Opening
    buyers: list[OpeningBuyer]

    @property
    def units(self) -> list[int]:
        return [unit.pk for unit in self.desk.stock.units]

    def fresh(self) -> Opening:
        self.opening.refresh_from_db()
        return self.opening

    def link(self, index: int = 0, *, serial: int | None = None, hours: int = 5) -> str:
        buyer = self.buyers[index]
        until = timezone.now() + hours * HOUR
        return passes.issue(buyer.project_id, buyer.opening_id, buyer.pk, serial or buyer.serial, until)

    def decide(self, attempts: Sequence[tuple[int, int, str]], hints: Sequence[str] | None = None) -> list[str]:
        """(index of the buyer, unit, key) straight through the deciding function."""
        opening = self.fresh()
        epoch, round_no = (opening.epoch, opening.round_no) if hints else (-1, -1)
        buyers = [self.buyers[index] for index, _unit, _key in attempts]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT results FROM anchang_opening_decide(%s, %s, %s, %s, %s::bigint[], %s::int[], %s::bigint[],"
                " %s::text[], %s::text[])",
                [
                    opening.project_id, opening.pk, epoch, round_no, [b.pk for b in buyers],
                    [b.serial for b in buyers], [u for _i, u, _k in attempts], [k for _i, _u, k in attempts],
                    list(hints or [""] * len(attempts)),
                ],
            )  # fmt: skip
            return list(cursor.fetchone()[0])

    def log(self) -> list[Attempt]:
        opening = self.fresh()
        return list(Attempt.objects.filter(opening_id=opening.pk, round_no=opening.round_no).order_by("seq"))

    def go(self, *verbs: str, who: str = "director") -> Opening:
        for verb in verbs:
            run(verb, self.desk.office.access(who), self.opening)
        return self.fresh()


def make_launch(desk: Desk, buyers: int = 4, *, state: str = "open", tickets: bool = False, **more: Any) -> Launch:
    """Call inside the system's scope."""
    director = desk.office.access("director")
    scheme = run(
        "add_launch_schemes", director, code="L1", name="一批次开盘", licence=desk.stock.licence.pk,
        sincerity_money="50000",
    )  # fmt: skip
    run("start_registration", director, scheme)
    customers = [desk.customer("consultant1", n) for n in range(buyers)]
    if tickets:
        for customer in customers:
            run("issue_tickets", director, scheme=scheme.pk, customer=customer.pk)
    for check in scheme.checks:
        run("tick_launch", director, scheme, item=check["item"])
    now = timezone.now()
    values = {"starts_at": (now - HOUR).isoformat(), "ends_at": (now + 4 * HOUR).isoformat()}
    opening = run("add_openings", director, scheme=scheme.pk, code="K1", name="一批次线上选房", **(values | more))
    run("offer_units", director, opening)
    named = {} if tickets else {"customers": [c.pk for c in customers]}
    run("admit_buyers", director, opening, **named)
    found = list(OpeningBuyer.objects.filter(opening=opening).order_by("pk"))
    launch = Launch(desk, scheme, opening, found)
    if state != "draft":
        launch.go("make_ready")
    if state in ("open", "rehearsal"):
        launch.go({"open": "open_opening", "rehearsal": "start_rehearsal"}[state])
    return launch


def claim(port: int, opening: int, unit: int, link: str, key: str, timeout: float = 30) -> tuple[int, Any] | None:
    """One tap over HTTP; None when the server died before answering."""
    heads = {"Authorization": f"Bearer {link}", "Idempotency-Key": key}
    try:
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        wire.request("POST", f"/opening/{opening}/claim/{unit}", headers=heads)
        answer = wire.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
