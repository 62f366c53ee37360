"""What deals and money add to the customer's page."""

from django.utils.translation import gettext_lazy as _

from anchang.crm.queries.customers import ProfileTab, profile_tabs

TABS = (
    ProfileTab(
        "deals", _("Deals"),
        (
            ("opportunities", "customer"), ("holds", "customer"), ("subscriptions", "customer"),
            ("contracts", "customer"),
        ),
    ),
    ProfileTab(
        "affairs", _("After signing"),
        (
            ("deal-changes", "customer"), ("mortgages", "customer"), ("titles", "customer"),
            ("contract-copies", "customer"), ("disputes", "customer"), ("signature-requests", "customer"),
        ),
    ),
    ProfileTab("payments", _("Dues and receipts"), (("receivables", "customer"), ("receipts", "customer"))),
)


def add_tabs() -> None:
    """Once, however often it is called."""
    profile_tabs.extend(tab for tab in TABS if tab not in profile_tabs)
