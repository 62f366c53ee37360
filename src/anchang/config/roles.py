"""The roles that a new office starts with. They are rows: the office changes them as it likes.

DOMAIN §8 says who does what. A right is `<resource>.<verb>`; `held` gives each its scope.
"""

from __future__ import annotations

from anchang.platform.access import bump_stamp
from anchang.platform.models import FieldRule, Role, RolePermission

Rights = dict[str, str]


def held(scope: str, rights: str) -> Rights:
    """The rights named in the text, all with this scope."""
    return dict.fromkeys(rights.split(), scope)


#: Everybody on the staff.
BASE: Rights = held("own", """
    tasks.view tasks.done notices.view notices.read tokens.view tokens.issue tokens.revoke
    jobs.view jobs.cancel views.view views.create views.delete
    files.view export-requests.view
""") | held("project", """
    projects.view companies.view users.view users.set-pin teams.view roles.view
    phases.view buildings.view units.view units.quote layouts.view licences.view price-lists.view price-rows.view
    price-changes.view discounts.view payment-plans.view release-batches.view dictionary-entries.view
    unit-state-changes.view unit-locks.view channels.view campaigns.view tags.view
    launch-schemes.view lotteries.view openings.view
""")  # fmt: skip

#: Messages that leave the house, and what leaves it as a file.
MESSAGES_OWN: Rights = held("own", """
    outgoing-messages.view outgoing-messages.write outgoing-messages.sent outgoing-messages.drop
    customers.stop-messages message-stops.*
""")  # fmt: skip
MESSAGES: Rights = held("project", """
    outgoing-messages.* message-stops.* message-channels.view message-channels.test message-templates.*
    export-requests.* idle-files.* retention-lists.*
""")  # fmt: skip
CHANNELS: Rights = held("project", "message-channels.*")

CONSULTANT: Rights = BASE | MESSAGES_OWN | held("own", """
    leads.view leads.create leads.edit leads.mark-invalid leads.mark-valid leads.mark-lost leads.qualify
    leads.appoint leads.recycle leads.reveal touches.view
    customers.view customers.create customers.edit customers.change-grade customers.reveal-phone
    customers.reveal-id customers.add-phone customers.remove-phone customers.add-need customers.link-household
    customers.leave-household customers.add-identity customers.add-contact customers.add-consent
    customers.mark-lost customers.set-tags
    visits.view visits.create visits.edit visits.feedback visits.leave visits.export
    tours.* call-ins.* follow-ups.* appointments.* contacts.* needs.* consents.*
    personal-requests.view personal-requests.create
    holds.view holds.cancel deals.view subscriptions.view subscriptions.print subscriptions.cancel
    discount-requests.view discount-requests.withdraw discount-decisions.view quotations.view quotations.subscribe
    quotations.withdraw
    subscriptions.resubmit deals.attach deal-files.view deal-files.replace
    subscriptions.exchange subscriptions.change-buyers subscriptions.replan subscriptions.reprice
    deal-changes.view deal-changes.withdraw bundles.view bundle-items.view
    contracts.view receivables.view receipts.view buyers.view received-documents.view
    queue-tickets.view queue-tickets.create
    presence.check-in presence.check-out presence.set-state reports.own deals.explain-delay delay-reasons.view
    mortgages.view titles.view contract-copies.view
    commission-payees.view commission-earnings.view commission-lines.view commission-statements.view
    commission-statements.print commission-splits.view
    signature-requests.view signers.view signers.link subscriptions.esign
    signing-checks.view steps-done.view steps-back.view signed-notices.view subscriptions.ask-check
    subscriptions.take-step
    subscriptions.sign-notice subscriptions.esign-notice review-results.view legal-reviews.view
    opportunities.* negotiations.*
""") | held("project", """
    units.ask-discount units.make-quotation coupons.view
    units.hold units.subscribe units.match pool.view leads.claim pool-customers.view customers.claim households.view
    presence.view rotation.view reports.ranking
    signing-procedures.view procedure-steps.view risk-notices.view
""")  # fmt: skip

MANAGER: Rights = BASE | MESSAGES | held("project", """
    leads.* pool.* pool-customers.* touches.* lead-transfers.* assignment-rules.*
    customers.* visits.* tours.* call-ins.* follow-ups.* appointments.* contacts.* needs.* consents.* households.*
    personal-requests.*
    owner-changes.* grade-changes.* truth-checks.* tags.*
    presence.* rotation.* rosters.* profiles.* turns.*
    units.ask-discount units.make-quotation discount-requests.* discount-decisions.* quotations.* coupons.*
    price-strategies.*
    units.hold units.subscribe units.release units.control units.match units.retain units.lock units.unlock
    units.export release-batches.*
    holds.* deals.* buyers.* bundles.* bundle-items.view
    subscriptions.view subscriptions.print subscriptions.cancel subscriptions.extend
    subscriptions.approve subscriptions.refuse subscriptions.resubmit deal-files.*
    subscriptions.exchange subscriptions.change-buyers subscriptions.replan subscriptions.reprice subscriptions.demand
    contracts.exchange contracts.change-buyers contracts.replan contracts.reprice deal-changes.*
    contracts.view contracts.print contracts.export
    receivables.view receipts.view refunds.view received-documents.*
    launch-schemes.* queue-tickets.* lotteries.* openings.* opening-buyers.* opening-claims.*
    events.view reveals.view imports.* files.* jobs.* reports.* tasks.view views.share delay-reasons.view
    sales-plans.view plan-targets.view mortgages.* titles.view contract-copies.view copy-loans.view disputes.*
    commission-schemes.view commission-payees.view commission-earnings.* commission-lines.* commission-splits.*
    commission-statements.view commission-statements.print commission-awards.*
    signature-requests.* signers.view signers.link archive-downloads.view document-templates.view
    signing-certificates.view subscriptions.esign contracts.esign contracts.notice
    signing-checks.* steps-done.view steps-back.view signed-notices.view subscriptions.ask-check subscriptions.take-step
    subscriptions.sign-notice subscriptions.esign-notice signing-procedures.view procedure-steps.view
    risk-notices.view opportunities.* negotiations.* review-points.view review-results.view legal-reviews.view
    handovers.view warranties.view seller-liabilities.view seller-liabilities.excuse provisions.view
    month-statements.view
    budget-entries.view
""")  # fmt: skip

CLERK: Rights = BASE | held("project", """
    customers.view customers.reveal-id customers.reveal-phone visits.view follow-ups.view appointments.view
    holds.view deals.* deal-files.* buyers.* bundles.view bundle-items.view
    subscriptions.view subscriptions.sign subscriptions.print
    subscriptions.extend subscriptions.demand subscriptions.exchange subscriptions.change-buyers subscriptions.replan
    deal-changes.view deal-changes.withdraw deal-changes.print deal-changes.forfeit
    contracts.* checklists.* received-documents.* receivables.view receipts.view refunds.view
    bureau-differences.* bureau-lists.* bureau-rows.view imports.*
    events.view files.* reports.project
    document-templates.* signature-requests.* signers.view signers.link archive-downloads.view
    signing-certificates.view subscriptions.esign
    signing-checks.* steps-done.view steps-back.view signed-notices.view subscriptions.ask-check subscriptions.take-step
    subscriptions.sign-notice subscriptions.esign-notice signing-procedures.view procedure-steps.view
    risk-notices.* handovers.view warranties.view seller-liabilities.view provisions.view
    review-points.* review-results.view legal-reviews.view
    mortgages.* titles.* contract-copies.* copy-loans.view disputes.*
""")  # fmt: skip

#: The bank, closed months, and what is owed beside the price.
BANKING: Rights = held("project", """
    bank-lines.* bank-matches.* remittances.* remittance-lines.* period-closes.*
    area-settlements.view area-settlements.post contracts.settle-area contracts.charge-agency-fees
    late-fees.view late-fees.compute late-fees.charge late-fees.ask-waiver deals.transfer-money
""")  # fmt: skip
#: What of it the director decides and sees.
MONEY_DECISIONS: Rights = held("project", """
    late-fees.* area-settlements.* bank-lines.view bank-matches.view remittances.view remittance-lines.view
    period-closes.view day-closes.view
""")  # fmt: skip

FINANCE: Rights = BASE | BANKING | held("project", """
    signing-checks.view signing-checks.confirm signing-checks.return signed-notices.view
    handovers.view warranties.view seller-liabilities.* provisions.view month-statements.* budget-entries.*
    customers.view holds.view holds.receive deals.view deals.attach deal-files.* buyers.view bundles.view
    bundle-items.view
    subscriptions.view subscriptions.receive subscriptions.print deal-changes.view
    contracts.view contracts.receive contracts.print
    receivables.* receipts.* refunds.* allocations.* day-closes.* queue-tickets.view queue-tickets.receive
    commission-schemes.view commission-payees.view commission-earnings.* commission-lines.* commission-splits.view
    commission-statements.* commission-awards.view
    accounts.* accounting-periods.* voucher-templates.* voucher-template-lines.* vouchers.* voucher-lines.*
    voucher-rejections.* voucher-batches.* invoices.* invoice-receipts.*
    expense-subjects.* expense-targets.view expense-targets.create expense-plans.view expense-plans.create
    expense-plans.approve marketing-contracts.* expenses.* expense-payments.*
    events.view files.* imports.* jobs.* reports.*
    signature-requests.view signature-requests.download document-templates.view contracts.notice
    mortgages.view mortgages.disburse
""")  # fmt: skip

SERVICE: Rights = BASE | held("project", """
    customers.view customers.reveal-phone personal-requests.view personal-requests.create
    visits.view visits.create call-ins.* follow-ups.* appointments.*
    contracts.view deals.view events.view reports.project
    mortgages.* titles.* contract-copies.* copy-loans.view contracts.deliver disputes.view
    handovers.view warranties.view seller-liabilities.view provisions.view
""")  # fmt: skip

DIRECTOR: Rights = MANAGER | MONEY_DECISIONS | CHANNELS | held("project", """
    phases.* buildings.* units.* layouts.* licences.* price-lists.* price-rows.* price-changes.* discounts.*
    price-schemes.* scheme-prices.* price-adjustments.*
    payment-plans.* dictionary-entries.* unit-state-changes.* unit-locks.* channels.* campaigns.*
    subscriptions.* contracts.terminate contracts.ask-revocation contracts.keep contracts.end
    refunds.approve refunds.reject checklists.*
    invoices.view vouchers.view expense-subjects.* expense-targets.* expense-plans.* marketing-contracts.*
    expenses.* expense-payments.view
    sales-plans.* plan-targets.* month-statements.* budget-entries.*
    signing-procedures.* procedure-steps.* risk-notices.* review-points.* legal-reviews.*
    connected-persons.* teams.* users.* grants.* personal-grants.* parameters.* commission-schemes.*
""")  # fmt: skip

GROUP_MARKETING: Rights = BASE | held("project", """
    export-requests.*
    reports.* sales-plans.* plan-targets.* units.* price-lists.* price-rows.* price-schemes.* scheme-prices.*
    discount-requests.* discount-decisions.* quotations.view coupons.* price-strategies.*
    price-adjustments.* discounts.* payment-plans.* channels.* campaigns.*
    customers.view leads.view visits.view follow-ups.view deal-changes.view deal-changes.approve deal-changes.refuse
    deals.view holds.view subscriptions.view subscriptions.approve subscriptions.refuse contracts.view bundles.view
    bundle-items.view connected-persons.view
    receivables.view receipts.view refunds.view events.view parameters.view jobs.*
""")  # fmt: skip

#: Reads contracts and decides about terms beyond the standard; disputes are his too.
LAWYER: Rights = BASE | held("project", """
    contracts.view subscriptions.view deals.view buyers.view deal-files.view customers.view
    legal-reviews.* review-results.view disputes.*
""")

STANDARD: dict[str, tuple[str, Rights]] = {
    "admin": ("系统管理员", {"*": "project"}),
    "group": ("集团营销", GROUP_MARKETING),
    "director": ("项目总", DIRECTOR),
    "manager": ("案场经理", MANAGER),
    "finance": ("案场财务", FINANCE),
    "clerk": ("签约专员", CLERK),
    "service": ("客服", SERVICE),
    "consultant": ("置业顾问", CONSULTANT),
    "lawyer": ("法务", LAWYER),
}

#: Fields that a role never sees: the floor price is not for the sales floor.
FLOOR_PRICES: dict[str, tuple[str, ...]] = {
    "units": ("floor_total",), "price-rows": ("floor_total",),
    "price-changes": ("old_floor_total", "new_floor_total"), "scheme-prices": ("floor_total",),
    "discount-requests": ("floor_total",),
}  # fmt: skip
#: Why a unit was locked or given back is about people: the floor reads the kind of lock and the cause.
REASONS: dict[str, tuple[str, ...]] = {
    "unit-locks": ("reason", "clear_reason"), "unit-state-changes": ("reason",),
}  # fmt: skip
HIDDEN: dict[str, dict[str, tuple[str, ...]]] = {
    "consultant": FLOOR_PRICES | REASONS,
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
