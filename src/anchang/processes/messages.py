"""Messages about deals: their words until the office writes its own."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.outbox.kinds import declare

SIGNING_DUE = declare(
    "signing_due", label=_("Signing reminder"), audience="customer",
    text=_("{name}, the contract for {unit} of {project} is to be signed by {sign_by}. Please come in time."),
    variables={"name": _("Customer"), "unit": _("Unit"), "sign_by": _("Sign by")},
)  # fmt: skip
SIGNING_DEMANDED = declare(
    "signing_demanded", label=_("Demand for signing"), audience="customer",
    text=_("{name}, the time to sign for {unit} of {project} has passed. Please sign by {deadline}; a letter follows."),
    variables={"name": _("Customer"), "unit": _("Unit"), "deadline": _("Deadline")},
)  # fmt: skip
PAYMENT_DUE = declare(
    "payment_due", label=_("Payment reminder"), audience="customer",
    text=_("{name}, {amount} yuan for {unit} of {project} are due on {due_on}."),
    variables={"name": _("Customer"), "unit": _("Unit"), "amount": _("Amount"), "due_on": _("Due on")},
)  # fmt: skip
CONTRACT_SIGNED = declare(
    "contract_congratulation", label=_("Congratulations on signing"), audience="customer",
    text=_("{name}, congratulations on your new home: contract {number} for {unit} of {project} is signed."),
    variables={"name": _("Customer"), "unit": _("Unit"), "number": _("Number")},
)  # fmt: skip
