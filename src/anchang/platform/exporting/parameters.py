"""From when an export needs approval, and how long its file lasts."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare(
    "platform.export_approval_rows", 5000, "int", _("Rows from which any export needs approval"),
    help=_("0: never because of the count."),
)  # fmt: skip
declare(
    "platform.export_approval_personal_rows", 200, "int",
    _("Rows about persons from which an export needs approval"), help=_("0: never because of the count."),
)  # fmt: skip
declare(
    "platform.export_approval_full_rows", 1, "int", _("Full phone numbers from which an export needs approval"),
    help=_("0: never because of the count."),
)  # fmt: skip
declare("platform.export_approval_lists", [], "list", _("Lists whose exports always need approval"))
declare("platform.export_chain", ["director"], "list", _("Roles that approve an export, in order"))
declare("platform.export_file_days", 7, "int", _("Days for which the file of an export can be downloaded"))
declare("platform.export_downloads", 5, "int", _("Times that the file of an export can be downloaded"))
