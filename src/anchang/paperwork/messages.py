"""Messages about signing: their words until the office writes its own."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.outbox.kinds import declare

SIGN_CODE = declare(
    "sign_code", label=_("Signing code"), audience="customer", urgent=True, secret=True,
    text=_("{code} is your code to sign {number}, for {minutes} minutes. Give it to nobody."),
    variables={"code": _("Code"), "number": _("Number"), "minutes": _("Minutes")},
)  # fmt: skip
