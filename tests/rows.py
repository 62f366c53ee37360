"""Makes a plausible row of any model from its metadata, for tests that run over the whole registry."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from anchang.platform.models import Project, User
from anchang.platform.models.base import ProjectFact, ProjectModel

_counter = itertools.count(1)

#: What metadata can't know: values that satisfy a CHECK or a trigger. model label -> {field: value}
OVERRIDES: dict[str, dict[str, Any]] = {
    "insight.SalesPlan": {"year": 2026},
    "insight.PlanTarget": {"month": 1},
    "platform.MessageChannel": {"kind": "by_hand"},
    "platform.ExportRequest": {"state": "free"},
    "platform.OutgoingMessage": {"state": "dropped"},
    "crm.Lead": {"state": "assigned", "assigned_at": lambda *_: timezone.now()},
    "crm.TruthCheck": {"visit": lambda *place: _related_by_label("crm.Visit", *place)},
    "finance.Allocation": {"receivable": lambda *place: _related_by_label("finance.Receivable", *place)},
    "finance.Refund": {"state": "rejected"},
    "deals.ConnectedPerson": {"id_digest": "x"},
    "deals.Contract": {"state": "draft"},
    "deals.Subscription": {"state": "draft"},
    "deals.Deal": {"unit": lambda *place: _related_by_label("inventory.Unit", *place)},
    "crm.PoolLead": {"owner": None, "state": "pool", "pool_since": lambda *_: timezone.now()},
    "crm.PoolCustomer": {"owner": None},
    "deals.DealFile": {"contract": lambda *place: _related_by_label("deals.Contract", *place)},
    "deals.DealChange": {"contract": lambda *place: _related_by_label("deals.Contract", *place)},
    "paperwork.SignatureRequest": {"contract": lambda *place: _related_by_label("deals.Contract", *place)},
    "crm.Visit": {"seq": 1},
    "crm.Tour": {"unit": lambda *place: _related_by_label("inventory.Unit", *place)},
    "opening.OpeningClaim": {"rehearsal": True, "slot": 1, "slots": 1},
    "finance.DayClose": {"note": "x"},
    "commission.Line": {
        "earning": lambda *place: _related_by_label("commission.Earning", *place), "part": 0,
        "deal": lambda *place: _related_by_label("deals.Deal", *place),
    },
    "finance.BankMatch": {"note": "x", "kind": "other"},
    "finance.LateFee": {"waiver": ""},
    "finance.Remittance": {"item": "agency_deed_tax"},
    "finance.PeriodClose": {"last_day": "2001-01-31"},
    "finance.AccountingPeriod": {"month": dt.date(2026, 1, 1)},
    "finance.Voucher": {"state": "draft", "seq": 1, "voucher_date": dt.date(2026, 1, 1)},
    "finance.VoucherLine": {"debit": Decimal("1.00")},
    "finance.Invoice": {
        "net": Decimal("0.50"), "tax": Decimal("0.50"),
        "deal": lambda *place: _related_by_label("finance.Receipt", *place).deal,
    },
    "finance.MarketingContract": {"state": "draft"},
    "finance.ExpensePlan": {"month": dt.date(2026, 1, 1)},
    "finance.Expense": {"state": "approved"},
    "affairs.SellerLiability": {"provided": 0},
    "affairs.SigningCheck": {"decided_by": None},
    "affairs.Warranty": {"until": dt.date(2031, 1, 1)},
    "affairs.StepDone": {"step": lambda *place: _step_in_use(*place)},
    "paperwork.SignedNotice": {
        "notice": lambda *place: _notice_in_use(*place), "text_sha256": "x",
        "file": lambda *place: _related_by_label("platform.StoredFile", *place),
        "deal": lambda *place: _related_by_label("deals.Buyer", *place).deal,
    },
}


def make_row(model: type[models.Model], project: Project, user: User, made: dict[Any, Any] | None = None) -> Any:
    """One saved row of `model` in `project`, owned by `user` wherever it refers to a user. Rows it needs are
    made too, one per model (kept in `made`). The scope must be open."""
    made = {} if made is None else made
    row = model(**_values(model, project, user, made))
    if isinstance(row, ProjectModel) and row.created_by_id is None:
        row.created_by_id = user.pk
    row.save(force_insert=True)
    return row


def _related(model: type[models.Model], project: Project, user: User, made: dict[Any, Any]) -> Any:
    if model is Project:
        return project
    if model is User:
        return user
    if model not in made:
        made[model] = None  # a model that refers to itself gets none
        made[model] = make_row(model, project, user, made)
    return made[model]


def _related_by_label(label: str, project: Project, user: User, made: dict[Any, Any]) -> Any:
    return _related(apps.get_model(label), project, user, made)


def _step_in_use(*place: Any) -> Any:
    step = _related_by_label("affairs.ProcedureStep", *place)
    apps.get_model("affairs.SigningProcedure").objects.filter(pk=step.procedure_id).update(state="active")
    return step


def _notice_in_use(*place: Any) -> Any:
    notice = _related_by_label("paperwork.RiskNotice", *place)
    type(notice).objects.filter(pk=notice.pk).update(state="active", text_sha256="x", active_from=dt.date(2026, 1, 1))
    return notice


def _values(model: type[models.Model], project: Project, user: User, made: dict[Any, Any]) -> dict[str, Any]:
    given = OVERRIDES.get(model._meta.label, {})
    values: dict[str, Any] = {}
    for f in model._meta.concrete_fields:
        if f.name in given:
            value = given[f.name]
            values[f.name] = value(project, user, made) if callable(value) else value
            continue
        if getattr(f, "generated", False) or isinstance(f, models.CompositePrimaryKey):
            continue
        if f.primary_key and isinstance(f, models.AutoField):
            continue
        if isinstance(f, models.ForeignKey):
            wanted = not f.null or f.related_model in (User, Project)
            if wanted:
                values[f.name] = _related(f.related_model, project, user, made)
            continue
        if f.null or f.has_default() or getattr(f, "db_default", models.NOT_PROVIDED) is not models.NOT_PROVIDED:
            continue
        if getattr(f, "auto_now_add", False) or getattr(f, "auto_now", False):
            continue
        values[f.name] = _value(f, user)
    return values


def _value(f: models.Field, user: User) -> Any:
    n = next(_counter)
    if f.blank and isinstance(f, models.CharField | models.TextField):
        return ""
    if f.choices:
        return f.flatchoices[0][0]
    if isinstance(f, models.BooleanField):
        return False
    if isinstance(f, models.DecimalField):
        return Decimal("1.00")
    if isinstance(f, models.DateTimeField):
        return timezone.now()
    if isinstance(f, models.DateField):
        return dt.date(2026, 1, 1)
    if isinstance(f, models.UUIDField):
        return uuid.uuid4()
    if isinstance(f, models.JSONField):
        return {}
    if isinstance(f, models.BinaryField):
        return b"x"
    if isinstance(f, models.IntegerField):
        return user.pk if f.name.endswith("user_id") else n
    if isinstance(f, models.TextField):
        return f"t{n}"
    if isinstance(f, models.CharField):
        return f"{n:04d}"[: f.max_length or 4] if f.max_length and f.max_length < 6 else f"x{n}"
    return f"x{n}"


def is_project_row(model: type[models.Model]) -> bool:
    return issubclass(model, ProjectModel | ProjectFact)
