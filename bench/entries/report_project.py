"""Daily report, funnel and ranking of a project among a hundred, with five years of customers and follow-ups."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from anchang.crm.models import FollowUp
from anchang.insight.catalogue import REPORTS, Report
from anchang.platform.access import Access
from anchang.platform.models import Project, User
from anchang.platform.scope import open_scope
from anchang.platform.stamp import remember_stamp
from bench import filling, office
from bench.figures import Figure, figure, median_ms

PROJECTS, CUSTOMERS, FOLLOW_UPS = 100, 1_000_000, 10_000_000
MEASURED = {"M20": 20_000, "M100": 100_000}
PER_CUSTOMER = FOLLOW_UPS // CUSTOMERS
REPORTS_MEASURED = {
    "daily": ("sales-daily", {}), "funnel": ("funnel", {"period": "month"}),
    "ranking": ("ranking", {"period": "month"}),
}  # fmt: skip


def measure() -> Iterator[Figure]:
    scale = float(os.environ.get("BENCH_SCALE", "0.1"))
    rest = (CUSTOMERS - sum(MEASURED.values())) // (PROJECTS - len(MEASURED))
    for n in range(PROJECTS - len(MEASURED)):
        _fill(f"P{n}", max(10, int(rest * scale)), people=3)
    managers = {code: _fill(code, count, people=20) for code, count in MEASURED.items()}
    filling.settle()
    found: dict[tuple[str, str], float] = {}
    for code, (project, manager) in managers.items():
        access = office.access(manager)
        for name, (key, given) in REPORTS_MEASURED.items():
            ask = partial(_ask, REPORTS[key], access, {"project": project.code, **given})
            found[code, name] = median_ms(ask, 15)
    for name in REPORTS_MEASURED:
        yield figure(
            f"report_project.{name}", found["M100", name], "ms", found["M20", name],
            f"{found['M20', name]:.0f} ms with 20,000 customers", "<= 80 ms both",
        )  # fmt: skip


def _ask(report: Report, access: Access, given: dict[str, str]) -> None:
    remember_stamp(0)
    with open_scope(access):
        report.answer(report.ask(access, given))


def _fill(code: str, count: int, people: int) -> tuple[Project, User]:
    project = office.make_project(code)
    team = office.make_team(project)
    owners = [office.make_person(f"{code}-{i}".lower(), "consultant", project, team).pk for i in range(people)]
    first = filling.fill_customers(project.pk, count, owners, team.pk)
    many = count * PER_CUSTOMER
    moment = f"(now() - interval '1 second' * (({many} - g) * {5 * 365 * 86400 / many:.6f}))"
    people_sql = "ARRAY[" + ",".join(map(str, owners)) + "]::bigint[]"
    filling.fill(FollowUp, many, {
        "project_id": str(project.pk), "customer_id": f"{first} + (g - 1) / {PER_CUSTOMER}",
        "author_id": f"({people_sql})[1 + g % {len(owners)}]", "team_id": str(team.pk), "method": "'phone'",
        "content": "'介绍户型与价格'", "effective": "g % 3 > 0", "at": moment,
        "business_date": f"({moment} AT TIME ZONE 'Asia/Shanghai')::date",
    })  # fmt: skip
    return project, office.make_person(f"{code}-m".lower(), "manager", project)
