"""Messages about leads and visits: their words until the office writes its own."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.outbox.kinds import declare

APPOINTMENT_SOON = declare(
    "appointment_soon", label=_("Appointment reminder"), audience="customer",
    text=_("{name}, we expect you at {project} on {time}. Your consultant is {consultant}."),
    variables={"name": _("Customer"), "time": _("Time"), "consultant": _("Consultant")},
)  # fmt: skip
# The lead's name stays in the house: a robot writes into a group's chat.
LEAD_ASSIGNED = declare(
    "lead_assigned", label=_("Lead assigned"), audience="staff", notice="lead_assigned",
    text=_("{person}, a new lead of {project} waits for your first contact."),
    variables={"person": _("Member of staff"), "name": _("Lead")},
)  # fmt: skip
LEADS_RECEIVED = declare(
    "leads_received", label=_("Leads handed over"), audience="staff", notice="leads_received",
    text=_("{person}, {count} leads of {project} are now yours."),
    variables={"person": _("Member of staff"), "count": _("Leads")},
)  # fmt: skip
LEADS_ASSIGNED = declare(
    "leads_assigned", label=_("Several leads assigned"), audience="staff", notice="leads_assigned",
    text=_("{person}, {count} new leads of {project} wait for your first contact."),
    variables={"person": _("Member of staff"), "count": _("Leads")},
)  # fmt: skip
