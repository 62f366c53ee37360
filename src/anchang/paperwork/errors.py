"""What the codes of this app say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.paperwork.models import DocumentTemplate, RiskNotice, SignatureRequest
from anchang.platform.commands import constraint_errors
from anchang.platform.wording import say, say_values

constraint_errors({
    "signature_open_of_contract": "signature_open", "signature_open_of_subscription": "signature_open",
    "template_edition_once": "already_exists", "template_file_once": "already_exists",
})  # fmt: skip

_TEMPLATES = {
    "word_not_docx": _("This is no Word document (.docx)."),
    "word_too_large": _("The document is too large."),
    "word_active": _("Macros, embedded objects, fields and links that fetch something are not allowed."),
    "word_forbidden": _("Only fields, conditions and loops over lists are allowed: %(what)s"),
    "word_syntax": _("The template is not written correctly: %(what)s"),
    "word_unknown_field": _("There is no field %(what)s."),
    "word_no_list": _("%(what)s is no list."),
    "word_too_slow": _("Checking the template takes too long. Please make it simpler."),
    "word_damaged": _("The document is damaged."),
    "word_failed": _("The template does not fit this record: %(what)s"),
    "no_template": _("No Word template is in use for this paper. The built-in form is there."),
    "template_has_problems": _("The template has %(count)s problems."),
    "event.template.added": _("%(title)s, version %(edition)s taken in with %(problems)s problems"),
    "event.template.activated": _("%(title)s in use from %(since)s"),
    "event.template.retired": _("%(title)s retired"),
    "event.notice.made": _("Notice %(number)s made, copy %(prints)s"),
}
_SIGNING = {
    "signature_open": _("The paper is being signed already. Withdraw it first."),
    "signature_over": _("This paper is no longer to be signed."),
    "signed_already": _("You have signed already."),
    "not_signed_yet": _("Not everybody has signed yet."),
    "signer_unknown": _("Name or document number of %(name)s is missing. Please complete the buyers first."),
    "provider_missing": _("The signing provider %(provider)s is not installed."),
    "channel_missing": _("The message channel %(channel)s is not installed."),
    "not_your_turn": _("Others sign before you. Please come back later."),
    "paper_unread": _("Please open and read the paper first."),
    "identity_wrong": _("Name or document number do not agree with the contract."),
    "consent_missing": _("Please tick your consent."),
    "code_wrong": _("This code is wrong."),
    "code_expired": _("This code has expired. Please ask for a new one."),
    "signing_link_invalid": _("This link has expired or is not valid. Please ask your consultant for a new one."),
    "verify_unknown": _("There is no paper under this verification code."),
    "event.certificate.made": _("Signing certificate %(fingerprint)s made"),
    "event.signature.sent": _("%(number)s sent to %(signers)s signers"),
    "event.signature.proved": _("Signer %(signer)s: identity checked, code sent by %(channel)s"),
    "event.signature.signed": _("Signer %(signer)s has signed %(number)s"),
    "event.signature.completed": _("%(number)s is signed by all; SHA-256 %(sha256)s"),
    "event.signature.cancelled": _("Signing of %(number)s withdrawn"),
    "event.signature.expired": _("Time to sign %(number)s is over"),
    "event.signature.link": _("New link for signer %(signer)s"),
    "event.signature.downloaded": _("Copy of %(number)s taken"),
    "notice.signing_code": _("Signing code of %(signer)s for %(number)s: %(given)s. It holds %(minutes)s minutes."),
    "notice.signature_completed": _("%(number)s of %(unit)s is signed by all."),
}
_NOTICES = {
    "notice_not_in_use": _("This notice is not in use."),
    "notice_in_use": _("A notice in use never changes. Make the next version of it."),
    "signed_already_notice": _("This buyer has signed the notice already."),
    "notices_unsigned": _("Notices are still to be signed: %(notices)s"),
    "event.risk_notice.added": _("Notice %(title)s, version %(edition)s added"),
    "event.risk_notice.activated": _("Notice %(title)s, version %(edition)s in use"),
    "event.risk_notice.retired": _("Notice %(title)s, version %(edition)s out of use"),
    "event.risk_notice.signed": _("Notice %(title)s, version %(edition)s signed by %(buyers)s buyers"),
}
say(_TEMPLATES | _SIGNING | _NOTICES)
for _model in (DocumentTemplate, SignatureRequest, RiskNotice):
    say_values("state_refused", state=dict(_model.State.choices))
