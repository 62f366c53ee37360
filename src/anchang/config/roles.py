"""The roles that a new office starts with. They are rows: the office changes them as it likes.

`permission: scope` per role; DOMAIN §8 says who does what. Everybody on the staff has BASE.
"""

from __future__ import annotations

from anchang.platform.access import bump_stamp
from anchang.platform.models import FieldRule, Role, RolePermission

Rights = dict[str, str]

BASE: Rights = {
    "tasks.view": "own", "tasks.done": "own", "notices.view": "own", "notices.read": "own",
    "projects.view": "project", "companies.view": "project", "users.view": "project", "users.set-pin": "project",
    "teams.view": "project", "roles.view": "project",
    "tokens.view": "own", "tokens.issue": "own", "tokens.revoke": "own", "jobs.view": "own", "jobs.cancel": "own", "files.view": "project",
    "phases.view": "project", "buildings.view": "project", "units.view": "project", "layouts.view": "project",
    "licences.view": "project", "price-lists.view": "project", "price-rows.view": "project",
    "discounts.view": "project", "payment-plans.view": "project", "units.quote": "project",
    "release-batches.view": "project", "dictionary-entries.view": "project", "price-changes.view": "project",
    "unit-state-changes.view": "project", "unit-locks.view": "project",
    "channels.view": "project", "campaigns.view": "project",
    "views.view": "own", "views.create": "own", "views.delete": "own",
}  # fmt: skip

_CUSTOMER_WORK = [
    "leads.view",
    "leads.create",
    "leads.edit",
    "leads.mark-invalid",
    "leads.mark-valid",
    "leads.mark-lost",
    "leads.qualify",
    "leads.appoint",
    "leads.recycle",
    "leads.reveal",
    "touches.view",
    "customers.view",
    "customers.create",
    "customers.edit",
    "customers.change-grade",
    "customers.reveal-phone",
    "customers.reveal-id",
    "customers.add-phone",
    "customers.remove-phone",
    "customers.add-need",
    "customers.link-household",
    "customers.leave-household",
    "customers.add-identity",
    "customers.add-contact",
    "customers.add-consent",
    "customers.mark-lost",
    "customers.tag",
    "customers.set-tags",
    "visits.*",
    "tours.*",
    "call-ins.*",
    "follow-ups.*",
    "appointments.*",
    "contacts.*",
    "needs.*",
    "consents.*",
    "households.*",
    "holds.view",
    "holds.cancel",
    "deals.view",
    "subscriptions.view",
    "subscriptions.edit",
    "subscriptions.print",
    "subscriptions.cancel",
    "contracts.view",
    "receivables.view",
    "receipts.view",
    "buyers.view",
    "units.match",
]

CONSULTANT: Rights = (
    BASE
    | dict.fromkeys(_CUSTOMER_WORK, "own")
    | {
        "units.hold": "project", "units.subscribe": "project", "pool.view": "project", "pool.claim": "project",
        "leads.claim": "project", "presence.view": "project", "presence.check-in": "own", "presence.create": "own",
        "presence.check-out": "own", "presence.set-state": "own", "rotation.view": "project", "reports.ranking": "project",
        "reports.own": "own",
    }
)  # fmt: skip

MANAGER: Rights = (
    BASE
    | dict.fromkeys(["leads.*", "pool.*", "touches.*", "lead-transfers.*", "assignment-rules.*", "customers.*", "visits.*", "tours.*", "call-ins.*", "follow-ups.*", "appointments.*", "contacts.*", "needs.*", "consents.*", "households.*", "truth-checks.*", "holds.*", "deals.*", "buyers.*", "owner-changes.*", "grade-changes.*", "receivables.view", "receipts.view", "refunds.view", "presence.*", "rotation.*", "rosters.*", "profiles.*", "turns.*", "units.hold", "units.subscribe", "units.release", "units.control", "units.match", "units.retain", "units.lock", "units.unlock", "release-batches.*", "units.export", "subscriptions.view", "subscriptions.create", "subscriptions.edit", "subscriptions.print", "subscriptions.cancel", "subscriptions.extend", "contracts.view", "contracts.print", "contracts.export", "events.view", "reveals.view", "imports.*", "files.*", "jobs.*", "reports.*", "tasks.view", "views.share"], "project")
)  # fmt: skip

CLERK: Rights = (
    BASE
    | dict.fromkeys(["customers.view", "customers.reveal-id", "customers.reveal-phone", "visits.view", "follow-ups.view", "appointments.view", "holds.view", "deals.*", "buyers.*", "subscriptions.view", "subscriptions.edit", "subscriptions.sign", "subscriptions.print", "subscriptions.extend", "contracts.*", "checklists.*", "receivables.view", "receipts.view", "refunds.view", "events.view", "files.*", "imports.view", "reports.project"], "project")
)  # fmt: skip

FINANCE: Rights = (
    BASE
    | dict.fromkeys(["customers.view", "holds.view", "holds.receive", "deals.view", "buyers.view", "subscriptions.view", "subscriptions.receive", "subscriptions.print", "contracts.view", "contracts.receive", "contracts.print", "receivables.*", "receipts.*", "refunds.*", "allocations.*", "day-closes.*", "receipts.export", "events.view", "files.*", "imports.*", "jobs.*", "reports.*"], "project")
)  # fmt: skip

SERVICE: Rights = (
    BASE
    | dict.fromkeys(["customers.view", "customers.reveal-phone", "visits.view", "visits.create", "call-ins.*", "follow-ups.*", "appointments.*", "contracts.view", "deals.view", "events.view", "files.view", "reports.project"], "project")
    | {"follow-ups.view": "project"}
)  # fmt: skip

DIRECTOR: Rights = BASE | MANAGER | dict.fromkeys(["phases.*", "buildings.*", "units.*", "layouts.*", "licences.*", "price-lists.*", "price-rows.*", "discounts.*", "payment-plans.*", "release-batches.*", "dictionary-entries.*", "subscriptions.*", "contracts.view", "contracts.terminate", "contracts.print", "contracts.export", "refunds.view", "refunds.approve", "refunds.reject", "receivables.view", "receivables.waive", "receipts.view", "teams.*", "users.*", "grants.*", "personal-grants.*", "parameters.*", "channels.*", "campaigns.*", "holds.*"], "project")  # fmt: skip


GROUP_MARKETING: Rights = BASE | dict.fromkeys(["reports.*", "units.*", "price-lists.*", "price-rows.*", "discounts.*", "payment-plans.*", "deals.view", "contracts.view", "subscriptions.view", "holds.view", "customers.view", "leads.view", "visits.view", "follow-ups.view", "receivables.view", "receipts.view", "refunds.view", "channels.*", "campaigns.*", "events.view", "parameters.view", "users.view", "jobs.*"], "project")  # fmt: skip

STANDARD: dict[str, tuple[str, Rights]] = {
    "admin": ("系统管理员", {"*": "project"}),
    "group": ("集团营销", GROUP_MARKETING),
    "director": ("项目总", DIRECTOR),
    "manager": ("案场经理", MANAGER),
    "finance": ("案场财务", FINANCE),
    "clerk": ("签约专员", CLERK),
    "service": ("客服", SERVICE),
    "consultant": ("置业顾问", CONSULTANT),
}

#: Fields that a role never sees: the floor price is not for the sales floor.
FLOOR_PRICES: dict[str, tuple[str, ...]] = {
    "units": ("floor_total",), "price-rows": ("floor_total",),
    "price-changes": ("old_floor_total", "new_floor_total"),
}  # fmt: skip
HIDDEN: dict[str, dict[str, tuple[str, ...]]] = {
    "consultant": FLOOR_PRICES,
    "clerk": FLOOR_PRICES,
    "service": FLOOR_PRICES,
    "finance": FLOOR_PRICES,
}


def install_roles() -> dict[str, Role]:
    """Make the standard roles that are missing; existing ones are left as the office made them."""
    found = {}
    for code, (name, rights) in STANDARD.items():
        role, new = Role.objects.get_or_create(code=code, defaults={"name": name})
        if new:
            RolePermission.objects.bulk_create(
                [RolePermission(role=role, permission=p, scope=s) for p, s in rights.items()]
            )
            for resource, fields in HIDDEN.get(code, {}).items():
                FieldRule.objects.bulk_create(
                    [FieldRule(role=role, resource=resource, field=f, mode="hide") for f in fields]
                )
        found[code] = role
    bump_stamp()
    return found
