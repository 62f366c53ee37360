"""`/`: the day of whoever opens it. The blocks follow from what one may do, not from the name of a role."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anchang.insight.queries.asked import scope_of
from anchang.insight.today import queries, rows
from anchang.insight.today.rows import Block
from anchang.platform import parameters, reading
from anchang.platform.access import Access
from anchang.platform.models import Project
from anchang.platform.ui import formats
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.gate import access_of, project_ids_of

#: To-dos that a list of this key shows itself, with more to do in place.
SHOWN_BY_LIST = {
    "leads": "lead_first_contact",
    "follow-ups": "follow_up_due",
    "appointments": "appointment_soon",
    "signing": "signing_due",
    "dues": "payment_due",
    "filing": "filing_due",
}


@dataclass(frozen=True)
class Reader:
    access: Access
    projects: tuple[int, ...]
    today: dt.date

    @property
    def user_id(self) -> int | None:
        return self.access.actor.user_id

    def may(self, permission: str) -> bool:
        return any(self.access.may(permission, p) for p in self.projects)

    def wide(self, permission: str) -> list[int]:
        """The projects in which the right reaches everybody's rows."""
        return [p for p in self.projects if self.access.scope(permission, p) == "project"]

    def days(self, key: str) -> dt.date:
        project = reading.project_by_key(self.projects[0]) if self.projects else None
        return self.today + dt.timedelta(days=int(parameters.value(key, project, self.today)))


@require_safe
def today_page(request: HttpRequest) -> HttpResponse:
    access = access_of(request)
    reader = Reader(access, tuple(project_ids_of(request)), timezone.localdate())
    if not reader.projects:
        return redirect("ui-me")
    manages = bool(reader.wide("leads.assign"))
    blocks: list[Block] = []
    context: dict[str, Any] = {"today": reader.today, "greeting": greeting(request), "reader": reader}
    reported = [p for p in reader.projects if scope_of(access, "sales-daily", p) == "project"]
    if reported and (manages or access.whole_group or not reader.may("leads.view")):
        context |= _figures(reader, reported)
    if manages:
        context |= _floor(reader)
        blocks += _team(reader)
    elif reader.may("leads.view") and not access.whole_group:
        blocks += _own(reader)
    blocks += _money(reader)
    blocks += _papers(reader)
    if not manages and not reader.may("leads.view"):
        blocks += _service(reader)
    codes = [SHOWN_BY_LIST[block.key] for block in blocks if block.key in SHOWN_BY_LIST]
    waiting = queries.tasks(reader.projects, reader.user_id, codes)
    listed = {line.url for block in blocks if block.key == "follow-ups" for line in block.lines}
    others = tuple(
        line
        for line in rows.tasks(waiting, reader.may("follow-ups.create"))
        if not line.url or line.url not in listed
    )
    blocks.insert(
        0 if manages else len(blocks), Block("tasks", _("Waiting for you"), others, icon="checkbox")
    )
    context["blocks"] = [b for b in blocks if b.lines or b.empty]
    context["all_done"] = not any(b.lines for b in blocks)
    return render(
        request, "insight/today_body.html" if is_fragment(request) else "insight/today.html", context
    )


def greeting(request: HttpRequest) -> str:
    name = getattr(request.user, "name", "") or request.user.get_username()
    hour = timezone.localtime().hour
    words = (
        _("Good morning, %(name)s")
        if hour < 12
        else _("Good afternoon, %(name)s")
        if hour < 18
        else _("Good evening, %(name)s")
    )
    return words % {"name": name}


def _own(reader: Reader) -> list[Block]:
    """A consultant's day: at most nine reads."""
    user, projects = reader.user_id, reader.projects
    due, count = queries.due_customers(projects, user)
    blocks = [
        Block(
            "leads",
            _("New leads, not contacted yet"),
            rows.leads(queries.new_leads(projects, user)),
            icon="address-book",
        ),
        Block(
            "follow-ups",
            _("Follow-ups due"),
            rows.customers(due),
            icon="phone",
            count=count,
            more_url="/r/customers/?order=next_follow_at" if count > len(due) else "",
            empty=_("No follow-up is due. Look into the public pool, or plan tomorrow."),
        ),
        Block(
            "appointments",
            _("Appointments today"),
            rows.appointments(queries.appointments(projects, user), able=reader.may("visits.create")),
            icon="calendar",
        ),
        Block(
            "visits",
            _("Visits today"),
            rows.visits(queries.visits_today(projects, user, reader.today)),
            icon="door-enter",
        ),
    ]
    if reader.may("holds.view"):
        blocks.append(
            Block(
                "holds",
                _("Holds about to end"),
                rows.holds(queries.running_holds(projects, user)),
                icon="lock",
            )
        )
    if reader.may("subscriptions.view"):
        found = queries.to_sign(projects, user, reader.days("insight.today_sign_days"))
        blocks.append(
            Block("signing", _("To be signed"), rows.subscriptions(found, reader.today), icon="writing-sign")
        )
    if reader.may("receivables.view"):
        found_dues = queries.dues(projects, user, reader.days("insight.today_due_days"))
        blocks.append(Block("dues", _("To be collected"), rows.dues(found_dues, reader.today), icon="cash"))
    return blocks


def _team(reader: Reader) -> list[Block]:
    projects = reader.wide("leads.assign")
    late = queries.overdue_by_owner(projects, None)
    found = queries.to_sign(projects, None, reader.today)
    return [
        Block(
            "overdue",
            _("Late in the team"),
            rows.overdue(late),
            icon="clock",
            empty=_("Nobody is late with a follow-up."),
        ),
        Block(
            "appointments",
            _("Appointments today"),
            rows.appointments(
                queries.appointments(projects, None), whose=True, able=reader.may("visits.create")
            ),
            icon="calendar",
        ),
        Block(
            "holds", _("Holds about to end"), rows.holds(queries.running_holds(projects, None)), icon="lock"
        ),
        Block(
            "signing",
            _("Signing is due"),
            rows.subscriptions(found, reader.today, whose=True),
            icon="writing-sign",
        ),
    ]


def _floor(reader: Reader) -> dict[str, Any]:
    projects = reader.wide("leads.assign")
    return {"floor": queries.floor(projects, reader.today) | {"unassigned": queries.unassigned(projects)}}


def _figures(reader: Reader, projects: list[int]) -> dict[str, Any]:
    """Today against yesterday; of several projects a table with the month to date as well."""
    found = queries.figures(projects, reader.today)
    context: dict[str, Any] = {
        "figures": [_figure(words, *found[item], amount) for item, words, amount in figure_words()]
    }
    known: dict[int, Project] = reading.projects_by_id()
    by_project = queries.figures_by_project(projects, reader.today)
    context["by_project"] = [
        _month(known[p], by_project[p], reader.today) for p in sorted(projects, key=lambda p: known[p].code)
    ]
    return context


def _month(project: Project, items: dict[str, Any], today: dt.date) -> dict[str, Any]:
    """Today and the month to date of one project, against its target where one is set."""
    signed = items["sign"][1]
    target = parameters.value("insight.target_units", project, today)
    return {
        "name": project.name,
        "code": project.code,
        "items": items,
        "collected": items["receive"][1].amount - items["refund"][1].amount,
        "target": target,
        "rate": signed.count / int(target) if target else None,
    }


def figure_words() -> tuple[tuple[str, str, bool], ...]:
    """item, words, whether its amount is meant."""
    return (
        ("lead", _("Leads"), False),
        ("visit", _("Visits"), False),
        ("follow_up", _("Follow-ups"), False),
        ("subscribe", _("Subscriptions"), False),
        ("sign", _("Signed"), False),
        ("receive", _("Received"), True),
    )


def _figure(words: str, now: Any, before: Any, amount: bool) -> dict[str, Any]:
    value, former = (now.amount, before.amount) if amount else (now.count, before.count)
    said = formats.money(former, "wan") if amount else formats.number(former)
    return {
        "label": words,
        "value": value,
        "kind": "wan" if amount else "integer",
        "unit": _("10k yuan") if amount else "",
        "note": _("yesterday %(former)s") % {"former": said},
    }


def _money(reader: Reader) -> list[Block]:
    """For whoever receives money."""
    projects = reader.wide("day-closes.close")
    if not projects or reader.wide("leads.assign"):
        return []
    sums = queries.due_sums(projects, reader.today)
    till = queries.my_till(projects, reader.user_id, reader.today)
    lines = [
        rows.Line(
            _("Due today"),
            _("%(n)s lines") % {"n": sums["today_count"]},
            "/r/receivables/",
            amount=sums["today_sum"],
        ),
        rows.Line(
            _("Overdue"),
            _("%(n)s lines") % {"n": sums["late_count"]},
            "/reports/overdue/",
            late=bool(sums["late_count"]),
            amount=sums["late_sum"],
        ),
        rows.Line(
            _("My receipts today"),
            _("%(n)s receipts") % {"n": till["count"]},
            "/r/receipts/",
            amount=till["amount"],
            taps=(rows.Tap(_("Close my day"), "/r/day-closes/do/close?stay=1", "dialog", icon="lock"),),
        ),
        *(
            rows.Line(
                _("Day not closed"),
                f"{day:%Y-%m-%d}",
                at=day,
                late=True,
                taps=(
                    rows.Tap(
                        _("Close this day"), f"/r/day-closes/do/close?day={day}&stay=1", "dialog", icon="lock"
                    ),
                ),
            )
            for day in till["open_days"]
        ),
    ]
    found = queries.dues(projects, None, reader.today)
    return [
        Block("money", _("Money today"), tuple(lines), icon="wallet"),
        Block(
            "dues",
            _("Oldest dues"),
            rows.dues(found, reader.today, whose=True),
            icon="cash",
            empty=_("Nothing is due."),
        ),
    ]


def _papers(reader: Reader) -> list[Block]:
    """For whoever signs and files contracts."""
    projects = reader.wide("contracts.file")
    if not projects or reader.wide("leads.assign"):
        return []
    signing = queries.to_sign(projects, None, reader.days("insight.today_sign_days"))
    filing = queries.to_file(projects, reader.days("insight.today_sign_days"))
    return [
        Block(
            "signing",
            _("To be signed"),
            rows.subscriptions(signing, reader.today, whose=True),
            icon="writing-sign",
            empty=_("No signing is due in the next days."),
        ),
        Block(
            "filing",
            _("To be filed"),
            rows.contracts(filing, reader.today),
            icon="file-check",
            empty=_("No filing is due in the next days."),
        ),
    ]


def _service(reader: Reader) -> list[Block]:
    projects = reader.wide("appointments.view")
    if not projects or not reader.may("appointments.create"):
        return []
    return [
        Block(
            "appointments",
            _("Appointments today"),
            rows.appointments(
                queries.appointments(projects, None), whose=True, able=reader.may("visits.create")
            ),
            icon="calendar",
            empty=_("No appointment today."),
        ),
        Block(
            "visits",
            _("Visits today"),
            rows.visits(queries.visits_today(projects, None, reader.today)),
            icon="door-enter",
        ),
    ]
