"""Rows of "today": each list says the same few things about every row, and what one tap does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from anchang.crm.models import Appointment, Customer, Lead, Visit
from anchang.deals.models import Contract, Hold, Subscription
from anchang.finance.models import Receivable
from anchang.platform.models import Task
from anchang.platform.ui.messages import target_url
from anchang.platform.ui.navigation import address_with
from anchang.platform.wording import worded

#: Rows of a list that stand open; the others unfold.
AT_ONCE = 10


@dataclass(frozen=True)
class Tap:
    """A button of a row. `how`: form (opens below the row), dialog, post (done at once), page."""

    label: str
    url: str
    how: str = "page"
    icon: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Line:
    """`at`: when it is or was due; `late`: past. `grade` shows as a chip."""

    title: str
    note: str = ""
    url: str = ""
    at: Any = None
    late: bool = False
    grade: str = ""
    amount: Any = None
    taps: tuple[Tap, ...] = ()


@dataclass(frozen=True)
class Block:
    """A list on the page; an empty one shows `empty`, or nothing when it has no such words."""

    key: str
    title: str
    lines: tuple[Line, ...]
    icon: str = field(default="", kw_only=True)
    count: int | None = None
    more_url: str = ""
    empty: str = ""

    @property
    def first(self) -> tuple[Line, ...]:
        return self.lines[:AT_ONCE]

    @property
    def rest(self) -> tuple[Line, ...]:
        """What unfolds at the end of the list."""
        return self.lines[AT_ONCE:]


def _past(moment: dt.datetime | None) -> bool:
    return moment is not None and moment < timezone.now()


def leads(rows: Iterable[Lead]) -> tuple[Line, ...]:
    return tuple(
        Line(
            lead.name or lead.phone_masked,
            f"{lead.phone_masked} · {lead.channel or ''}".strip(" ·"),
            target_url("leads", lead.pk),
            lead.first_contact_due_at,
            _past(lead.first_contact_due_at),
            taps=(
                Tap(_("Follow up"), address_with("crm-lead-follow-up", lead.pk), "form", icon="message-plus"),
            ),
        )
        for lead in rows
    )


def customers(rows: Iterable[Customer]) -> tuple[Line, ...]:
    return tuple(
        Line(
            c.name,
            c.phone_masked,
            target_url("customers", c.pk),
            c.next_follow_at,
            _past(c.next_follow_at),
            c.grade,
            taps=(Tap(_("Follow up"), address_with("crm-follow-up", c.pk), "form", icon="message-plus"),),
        )
        for c in rows
    )


def appointments(rows: Iterable[Appointment], *, whose: bool = False, able: bool = True) -> tuple[Line, ...]:
    found = []
    for a in rows:
        base = f"/r/appointments/{a.pk}/do"
        note = " · ".join(part for part in (a.consultant.name if whose else "", a.purpose) if part)
        taps = (
            Tap(
                _("Arrived"), address_with("crm-visit-new") + f"?customer={a.customer_id}", icon="door-enter"
            ),
            Tap(_("Move"), f"{base}/reschedule?stay=1", "dialog", icon="calendar-time"),
        )
        found.append(
            Line(
                a.customer.name,
                note,
                target_url("customers", a.customer_id),
                a.starts_at,
                _past(a.starts_at),
                a.customer.grade,
                taps=taps if able else (),
            )
        )
    return tuple(found)


def visits(rows: Iterable[Visit]) -> tuple[Line, ...]:
    return tuple(
        Line(
            v.customer.name,
            (_("First visit") if v.seq == 1 else _("Visit no. %(n)s") % {"n": v.seq})
            + (f" · {v.consultant.name}" if v.consultant else ""),
            target_url("visits", v.pk),
            v.arrived_at,
            False,
            v.grade_after,
            taps=(
                Tap(
                    _("Follow up"), address_with("crm-follow-up", v.customer_id), "form", icon="message-plus"
                ),
            )
            if v.left_at is None
            else (),
        )
        for v in rows
    )


def holds(rows: Iterable[Hold]) -> tuple[Line, ...]:
    return tuple(
        Line(h.unit.label, h.customer.name, target_url("holds", h.pk), h.expires_at, _past(h.expires_at))
        for h in rows
    )


def subscriptions(rows: Iterable[Subscription], today: dt.date, *, whose: bool = False) -> tuple[Line, ...]:
    return tuple(
        Line(
            s.unit.label,
            f"{s.customer.name} · {s.number}"
            + (f" · {s.deal.consultant.name}" if whose and s.deal.consultant else ""),
            target_url("subscriptions", s.pk),
            s.sign_by,
            s.sign_by < today,
            amount=s.total,
        )
        for s in rows
    )


def dues(rows: Iterable[Receivable], today: dt.date, *, whose: bool = False) -> tuple[Line, ...]:
    return tuple(
        Line(
            r.deal.customer.name,
            f"{r.deal.unit}" + (f" · {r.deal.consultant.name}" if whose and r.deal.consultant else ""),
            target_url("contracts", r.contract_id) or target_url("receivables", r.pk),
            r.due_on,
            r.due_on < today,
            amount=r.balance,
        )
        for r in rows
    )


def contracts(rows: Iterable[Contract], today: dt.date) -> tuple[Line, ...]:
    return tuple(
        Line(
            c.unit.label,
            f"{c.customer.name} · {c.number}",
            target_url("contracts", c.pk),
            c.filing_due_on,
            c.filing_due_on < today,
            taps=(Tap(_("Record the filing"), f"/r/contracts/{c.pk}/do/file?stay=1", "dialog", icon="file-check"),),
        )
        for c in rows
    )


def tasks(rows: Iterable[Task], able: bool = True) -> tuple[Line, ...]:
    return tuple(
        Line(
            worded("task." + t.code, t.params),
            "",
            target_url(t.resource, t.record_id),
            t.due_at,
            _past(t.due_at),
            taps=_task_taps(t, able),
        )
        for t in rows
    )


def _task_taps(task: Task, able: bool) -> tuple[Tap, ...]:
    """A to-do about a customer is done by a follow-up; another one by a tap."""
    done = Tap(_("Done"), f"/messages/tasks/{task.pk}/done", "post", icon="check")
    if task.resource != "customers" or not able:
        return (done,)
    return (
        Tap(_("Follow up"), address_with("crm-follow-up", task.record_id), "form", icon="message-plus"),
        done,
    )


def overdue(rows: Iterable[dict[str, Any]]) -> tuple[Line, ...]:
    return tuple(
        Line(
            str(r["name"]),
            _("%(customers)s follow-ups, %(leads)s new leads")
            % {"customers": r["customers"], "leads": r["leads"]},
            f"/r/customers/?where=%7B%22field%22%3A%22owner%22%2C%22op%22%3A%22eq%22%2C%22value%22%3A{r['id']}%7D&order=next_follow_at",
            None,
            True,
            amount=None,
        )
        for r in rows
    )
