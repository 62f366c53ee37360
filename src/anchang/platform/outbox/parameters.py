"""Limits and periods of the outbox."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare(
    "platform.quiet_hours", ["21:00", "08:00"], "list", _("Hours in which customers get no messages, from and to"),
    help=_("Equal times: no quiet hours. Codes that a customer waits for are sent at any time."),
)  # fmt: skip
declare("platform.messages_per_day", 5, "int", _("Messages to one customer in a day"))
declare("platform.message_retry_minutes", [1, 5, 30, 120], "list", _("Minutes until a failed message is tried again"))
declare("platform.message_timeout_seconds", 10, "int", _("Seconds until a gateway counts as not answering"))
declare(
    "platform.messages_by_hand", True, "bool",
    _("Without a gateway, consultants are asked to send messages to customers themselves"),
)  # fmt: skip
