"""What the codes of this app say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.affairs.models import (
    BureauDifference,
    ContractCopy,
    Dispute,
    LegalReview,
    Mortgage,
    Negotiation,
    Opportunity,
    SigningCheck,
    SigningProcedure,
    TitleRegistration,
)
from anchang.deals.models import Contract
from anchang.platform.wording import say, say_values

STEPS = {
    "mortgage.submitted": _("submit to the bank"),
    "mortgage.approved": _("approval by the bank"),
    "mortgage.pre_registered": _("pre-registration"),
    "mortgage.disbursed": _("payout"),
    "title.taxed": _("taxes and fund"),
    "title.submitted": _("submit the title"),
    "title.issued": _("certificate"),
    "title.handed_out": _("hand out the certificate"),
}

say(
    {
        "unit_unknown": _("This unit isn't known here."),
        "event.bureau.differs": _("%(unit)s differs from the bureau: %(kind)s"),
        "event.bureau.agrees": _("Agrees with the bureau again: %(kind)s"),
        "event.bureau.explained": _("Difference of %(unit)s with the bureau explained"),
        "task.bureau_difference": _("Clear up with the bureau: %(unit)s, %(kind)s"),
        "mortgage_running": _("A loan of this kind is running for the contract."),
        "approved_too_much": _("More is approved than was applied for."),
        "loan_above_price": _("The loan is above the price."),
        "contract_not_there": _("The contract is not at this point (%(state)s)."),
        "before_last_step": _("The step before was on %(since)s."),
        "title_there": _("The contract has a title registration."),
        "certificate_used": _("Another contract has this certificate number."),
        "handover_day": _("The day lies before signing or in the future."),
        "money_due": _("House money is due and not paid."),
        "event.mortgage.opened": _("Mortgage of %(amount)s at %(bank)s opened"),
        "event.mortgage.submitted": _("Mortgage submitted on %(on)s"),
        "event.mortgage.approved": _("Mortgage approved on %(on)s"),
        "event.mortgage.pre_registered": _("Mortgage pre-registered on %(on)s"),
        "event.mortgage.disbursed": _("Mortgage disbursed on %(on)s"),
        "event.mortgage.payout_reversed": _("The payout was reversed; the mortgage waits for its money again"),
        "event.mortgage.refused": _("Mortgage refused on %(on)s"),
        "event.mortgage.withdrawn": _("Mortgage withdrawn on %(on)s"),
        "event.title.opened": _("Title registration opened"),
        "event.title.taxed": _("Taxes and fund paid on %(on)s"),
        "event.title.submitted": _("Title submitted on %(on)s"),
        "event.title.issued": _("Title certificate issued on %(on)s"),
        "event.title.handed_out": _("Title certificate handed out on %(on)s"),
        "event.contract.delivered": _("Handed over on %(on)s"),
        "event.copy.lent": _("Copy %(copy)s lent to %(borrower)s until %(due_on)s"),
        "event.copy.stored": _("Copy %(copy)s returned"),
        "event.copy.given": _("Copy %(copy)s given to the buyer"),
        "event.dispute.opened": _("Dispute: %(subject)s"),
        "event.dispute.negotiating": _("Dispute in negotiation"),
        "event.dispute.court": _("Dispute before court or arbitration"),
        "event.dispute.closed": _("Dispute closed: %(result)s"),
        "unit_needed": _("Name the unit that is talked about."),
        "negotiation_open": _("Talks are open already."),
        "not_negotiating": _("No talks are open."),
        "deposit_above_total": _("The deposit is above the total."),
        "terms_differ": _("Agreed were %(total)s in all, a deposit of %(deposit)s and the plan %(plan)s."),
        "event.opportunity.opened": _("Opportunity opened"),
        "event.opportunity.interested": _("Opportunity open again"),
        "event.opportunity.negotiating": _("Closing talks about %(unit)s at %(total)s"),
        "event.opportunity.agreed": _("Terms agreed for %(unit)s: %(total)s"),
        "event.opportunity.won": _("Opportunity won by %(number)s"),
        "event.opportunity.lost": _("Opportunity lost: %(reason)s"),
        "event.negotiation.offered": _("New offer for %(unit)s: %(total)s"),
        "event.negotiation.reached": _("Closing talks reached %(approver)s"),
        "event.negotiation.agreed": _("Closing talks about %(unit)s: agreed at %(total)s"),
        "event.negotiation.refused": _("Closing talks about %(unit)s: no agreement"),
        "event.negotiation.lapsed": _("Closing talks about %(unit)s: time is over"),
        "notice.negotiation_lapsed": _("Closing talks with %(customer)s about %(unit)s are over without a result"),
        "provided_already": _("This day is provided for already."),
        "event.liability.excused": _("%(days)s days of the seller's delay excused"),
        "event.liability.provided": _("Provided %(amount)s for %(days)s days late through %(through)s"),
        "legal_review_open": _("Terms beyond the standard wait for the lawyer: have them reviewed or change them."),
        "review_incomplete": _("Say a result for every point: %(points)s"),
        "point_unknown": _("The office's list has no such point."),
        "point_twice": _("This point is said twice."),
        "event.contract.review_failed": _("Reviewed, to be corrected: %(points)s"),
        "notice.contract_review_failed": _("Contract %(number)s is to be corrected: %(points)s"),
        "event.legal.asked": _("%(terms)s terms beyond the standard before the lawyer"),
        "event.legal.passed": _("Terms passed by the lawyer"),
        "event.legal.returned": _("Terms sent back by the lawyer"),
        "task.legal_review": _("Review the terms of contract %(number)s (%(unit)s)"),
        "notice.legal_review_decided": _("Terms of contract %(number)s: %(state)s"),
        "four_eyes": _("Who drafted the contract does not check it. Somebody else must."),
        "check_running": _("A check of this subscription is running."),
        "check_missing": _("A second person must confirm the contract's facts first."),
        "check_outdated": _("Something has changed since the check: %(changed)s. Ask for a new one."),
        "opinion_needed": _("There are differences: say why they are right."),
        "steps_open": _("Steps before signing are open: %(steps)s"),
        "step_too_early": _("The step before it is not done."),
        "step_done": _("This step is done."),
        "step_back_too_late": _("Only the last step is taken back, and none after the contract is made."),
        "event.signing.step_back": _("Step before signing taken back: %(step)s"),
        "step_not_yours": _("This step belongs to another role."),
        "no_steps": _("The procedure has no steps yet."),
        "procedure_in_use": _("A procedure in use never changes. Make a new one."),
        "event.signing.check_asked": _("Check before signing asked for, %(differences)s differences"),
        "event.signing.check_confirmed": _("Checked before signing: confirmed"),
        "event.signing.check_returned": _("Checked before signing: sent back"),
        "event.signing.step_done": _("Step before signing done: %(step)s"),
        "event.procedure.activated": _("Signing procedure %(title)s in use"),
        "event.procedure.retired": _("Signing procedure %(title)s out of use"),
        "task.signing_check": _("Check the facts of %(number)s before signing (%(unit)s)"),
        "notice.signing_check_decided": _("%(number)s before signing: %(state)s"),
        "task.affair_step_due": _("Overdue since %(due_on)s: %(step)s, contract %(number)s"),
        "task.copy_overdue": _("Bring back the copy of contract %(number)s (due %(due_on)s)"),
        "notice.mortgage_short": _("The bank grants %(short)s less for contract %(number)s"),
        "notice.mortgage_refused": _("%(bank)s refused the loan for contract %(number)s"),
    }
)
say_values("task.affair_step_due", step=STEPS)
for _code in ("event.bureau.differs", "event.bureau.agrees", "task.bureau_difference"):
    say_values(_code, kind=dict(BureauDifference.Kind.choices))
say_values("state_refused", state=dict(BureauDifference.State.choices))
say_values("contract_not_there", state=dict(Contract.State.choices))
say_values("notice.signing_check_decided", state=dict(SigningCheck.State.choices))
say_values("notice.legal_review_decided", state=dict(LegalReview.State.choices))
say_values("state_refused", state=dict(Opportunity.Stage.choices))
for _model in (
    LegalReview, Negotiation, SigningCheck, SigningProcedure, Mortgage, TitleRegistration, Dispute, ContractCopy,
):  # fmt: skip
    say_values("state_refused", state=dict(_model.State.choices))
