"""Payees come into being when pay first needs them."""

from __future__ import annotations

from collections.abc import Iterable

from anchang.commission.models import Payee
from anchang.platform.context import Context
from anchang.platform.models import User


def payees_of(
    ctx: Context, user_ids: Iterable[int], agencies: Iterable[str]
) -> tuple[dict[int, Payee], dict[str, Payee]]:
    """The payees of these users and agencies, those that are missing made: by user, by agency name."""
    users, names = set(user_ids), set(agencies)
    staff = {p.user_id: p for p in Payee.objects.filter(project=ctx.here, user__in=users)}
    firms = {p.name: p for p in Payee.objects.filter(project=ctx.here, kind="agency", name__in=names)}
    missing = [
        Payee(project=ctx.here, user=user, name=str(user), created_by_id=ctx.user_id)
        for user in User.objects.filter(pk__in=users - staff.keys()).order_by("pk")
    ]
    missing += [
        Payee(project=ctx.here, kind=Payee.Kind.AGENCY, name=name, created_by_id=ctx.user_id)
        for name in sorted(names - firms.keys())
    ]
    made = Payee.objects.bulk_create(missing)
    ctx.index(made, fresh=True)
    staff |= {p.user_id: p for p in made if p.user_id}
    firms |= {p.name: p for p in made if not p.user_id}
    return {k: v for k, v in staff.items() if k is not None}, firms
