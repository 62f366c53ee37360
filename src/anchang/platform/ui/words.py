"""The words of the scripts in the reader's language; placeholders are in braces."""

from django.utils.translation import gettext as _


def script_words() -> dict[str, str]:
    return {
        "add": _("Add"),
        "clear": _("Clear"),
        "close": _("Close"),
        "copied": _("Copied"),
        "delete": _("Delete"),
        "delete_draft": _("Delete this draft? What you typed is lost."),
        "draft_refused": _("Refused: open it to see why"),
        "draft_refused_toast": _("“{title}” was not accepted. It is kept on this device."),
        "draft_sent": _("“{title}” has been sent"),
        "forbidden": _("You may not do this."),
        "form_restored": _(
            "Your sign-in had expired. What you typed is still here; check it and save again."
        ),
        "gone": _("This record is no longer there, or you may no longer see it."),
        "kept_offline": _(
            "No connection. Kept on this device; it will be sent once when you are online again."
        ),
        "money_words": _("= {amount} × 10,000 yuan"),
        "no_answer": _("No answer from the server. Save again; it will count only once."),
        "no_connection": _("No connection. Check the network and try again."),
        "nothing_found": _("Nothing found"),
        "open": _("Open"),
        "palette_hint": _(
            "Type a name, pinyin initials, the end of a phone number, a unit or document number"
        ),
        "remove": _("Remove"),
        "searching": _("Searching…"),
        "server_error": _("Something went wrong. Nothing was changed; please try again."),
        "slow_down": _("Too many attempts. Please wait a moment."),
        "support_code": _("Support code"),
        "too_large": _("The file is too large."),
        "waiting": _("Waiting"),
        "who_are_you": _("Who are you?"),
    }
