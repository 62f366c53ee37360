"""Messages about launch day: their words until the office writes its own."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.outbox.kinds import declare

OPENING_PASS = declare(
    "opening_pass", label=_("Link to choose a unit"), audience="customer",
    text=_("{name}, {opening} begins at {time}. Choose with your own link and pass it to nobody: {link}"),
    variables={"name": _("Customer"), "opening": _("Opening"), "time": _("Time"), "link": _("Link")},
)  # fmt: skip
