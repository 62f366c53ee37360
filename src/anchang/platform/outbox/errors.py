"""Codes of the outbox in words."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.models import MessageChannel
from anchang.platform.wording import say, say_values

#: Why a message wasn't sent: shown in its list, given by the API as code.
REASONS = {
    "address_refused": _("The address must be https and a public host"),
    "not_reached": _("The gateway doesn't answer"),
    "not_accepted": _("The gateway didn't accept it"),
    "no_mail_server": _("No mail server is set up"),
    "bad_address": _("The address can't be written to"),
    "too_late": _("Its time was over"),
    "erased": _("The data was erased"),
    "channel_closed": _("The channel was closed"),
    "no_consent": _("No consent to marketing messages"),
    "opted_out": _("The customer wants no messages"),
    "by_staff": _("Decided by staff"),
}

say(
    {
        "message_address_refused": _("The address must be https and a public host."),
        "message_variables_unknown": _("This message doesn't know: %(names)s."),
        "message_needs_address": _("This kind of channel needs an address."),
        "message_secret_again": _("For another address enter this anew."),
        "message_headers_wrong": _("Headers are names with texts."),
        "message_closed": _("This message isn't waiting any more."),
        "message_words_gone": _("The words of this message are no longer kept."),
        "event.message.sent": _("%(message)s sent (%(way)s)"),
        "event.message.given_up": _("%(message)s not sent (%(way)s)"),
        "notice.message_given_up": _("A message couldn't be delivered: %(message)s"),
        "task.message_by_hand": _("Send %(name)s a message: %(message)s"),
    }
)
say_values("event.message.sent", way=dict(MessageChannel.Kind.choices))
say_values("event.message.given_up", way=dict(MessageChannel.Kind.choices))
