"""Who the customers are (客户画像): the period's new customers by the words of their files, their needs and tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from anchang.crm import dictionaries
from anchang.crm.models import Customer, Grade
from anchang.insight import rules
from anchang.insight.queries import drill
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.sales import text

#: What customers are counted by -> the words of its values, by project.
_FILE: dict[str, Any] = {
    "occupation": dictionaries.choices("occupation"),
    "age_band": dictionaries.choices("age_band"),
    "residence": dictionaries.choices("area"),
    "workplace": dictionaries.choices("area"),
    "sex": lambda _project: dict(Customer.Sex.choices),
    "grade": lambda _project: dict(Grade.choices),
}
_NEED: dict[str, Any] = {"purpose": dictionaries.choices("purpose"), "family": dictionaries.choices("family")}
DIMENSIONS = (*_FILE, *_NEED, "tags")

_FROM = """
      FROM crm_customer c {join}
     WHERE c.project_id = ANY(%(projects)s) AND c.business_date BETWEEN %(first)s AND %(last)s
       AND c.deleted_at IS NULL AND c.state NOT IN ('merged', 'erased') AND {who}"""
_COUNTS = "count(*), count(*) FILTER (WHERE c.stage IN ('subscriber', 'buyer', 'owner'))"
_BY_COLUMNS = "SELECT {which}, coalesce({columns}), {counts} {source} GROUP BY GROUPING SETS ({sets})"
_NEED_JOIN = (
    "JOIN crm_need n ON n.project_id = c.project_id AND n.customer_id = c.id AND n.current AND n.deleted_at IS NULL"
)
_TAG_JOIN = (
    "JOIN crm_customertag t ON t.project_id = c.project_id AND t.customer_id = c.id"
    " JOIN crm_tag w ON w.project_id = t.project_id AND w.id = t.tag_id AND w.deleted_at IS NULL"
)


def portrait_report(asked: Asked) -> dict[str, Any]:
    """New customers of the period by each word that their files, current needs and tags say, with those of them who
    subscribed or bought by now, and both as shares of what was said. What isn't said is counted as such; a customer
    with several tags counts for each. Fields that the asker may not see are left out. Three statements."""
    seen = [name for name in DIMENSIONS if _may_see(asked, name)]
    counts = {
        **_grouped(asked, "", "c", [name for name in seen if name in _FILE]),
        **_grouped(asked, _NEED_JOIN, "n", [name for name in seen if name in _NEED]),
        **(_grouped(asked, _TAG_JOIN, "w", ["name"], "tags") if "tags" in seen else {}),
    }
    total, bought = _total(asked)
    return {
        **asked.over_span(),
        "customers": total,
        "bought": bought,
        "bought_rate": text(rules.rate(bought, total)),
        "by": {name: _worded(asked, name, counts.get(name, [])) for name in seen},
        "drill": {"customers": drill.rows("customers", drill.between("business_date", asked.first, asked.last))},
    }


def _may_see(asked: Asked, name: str) -> bool:
    resource = "needs" if name in _NEED else "customers"
    return asked.access.field_mode(resource, name, asked.project_ids) != "hide"


def _run(asked: Asked, sql: str) -> list[tuple[Any, ...]]:
    params = {"projects": asked.project_ids, "first": asked.first, "last": asked.last, **asked.who.params()}
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _source(asked: Asked, join: str) -> str:
    return _FROM.format(join=join, who=asked.who.sql("c.owner_id", "c.team_id"))


def _total(asked: Asked) -> tuple[int, int]:
    total, bought = _run(asked, f"SELECT {_COUNTS} {_source(asked, '')}")[0]
    return total, bought


def _grouped(
    asked: Asked, join: str, alias: str, names: list[str], called: str = ""
) -> dict[str, list[tuple[str, int, int]]]:
    """Name -> (value, customers, of whom bought); one pass over the rows for all names."""
    if not names:
        return {}
    columns = [f"{alias}.{name}" for name in names]
    cases = (f"WHEN grouping({c}) = 0 THEN '{called or n}'" for c, n in zip(columns, names, strict=True))
    sql = _BY_COLUMNS.format(
        which=f"CASE {' '.join(cases)} END", columns=", ".join(columns), counts=_COUNTS, source=_source(asked, join),
        sets=", ".join(f"({c})" for c in columns),
    )  # fmt: skip
    found: dict[str, list[tuple[str, int, int]]] = {}
    for name, value, customers, bought in _run(asked, sql):
        found.setdefault(name, []).append((value, customers, bought))
    return found


def _worded(asked: Asked, name: str, rows: Iterable[tuple[str, int, int]]) -> list[dict[str, Any]]:
    """In the order of the dictionary, then of size; the share is of those of whom something is said."""
    of_project = {**_FILE, **_NEED}.get(name)
    words: dict[str, str] = {}
    if of_project is not None:
        for project in asked.projects:
            words |= {str(k): str(v) for k, v in of_project(project.pk).items()}
    order = {code: at for at, code in enumerate(words)}
    rows = sorted(rows, key=lambda r: (not r[0], order.get(r[0], len(order)), -r[1], r[0]))
    said = sum(customers for value, customers, _bought in rows if value)
    return [
        {
            "value": value,
            "label": words.get(value, value) if value else _("Not said"),
            "customers": customers,
            "share": text(rules.rate(customers, said)) if value and name != "tags" else None,
            "bought": bought,
            "bought_rate": text(rules.rate(bought, customers)),
        }
        for value, customers, bought in rows
    ]
