"""Where the special screens stand in the menu, and what the "+" offers."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.ui.navigation import (
    Place,
    QuickAdd,
    register_place,
    register_quick_add,
    register_record_page,
)

register_place(
    Place("site", "floor", _("Live floor"), "crm-floor", "rotation.next", icon="users-group", order=1)
)
register_place(
    Place("customers", "resource.pool", _("Public pool"), "crm-pool", "pool.view", icon="pool", order=11)
)
register_place(
    Place(
        "customers", "duplicates", _("Duplicates"), "crm-duplicates", "customers.merge", icon="copy", order=90
    )
)
register_place(
    Place("customers", "grades", _("Grades"), "crm-grades", "customers.view", icon="stars", order=83)
)
register_place(
    Place("customers", "segments", _("Segments"), "crm-segments", "customers.view", icon="filter", order=8)
)
register_place(
    Place(
        "settings",
        "hand-over",
        _("Hand-over"),
        "crm-hand-over",
        "customers.transfer",
        icon="arrows-exchange",
        order=60,
    )
)

register_quick_add(
    QuickAdd("visit", _("Visit"), "crm-visit-new", icon="door-enter", permission="visits.create", order=10)
)
register_quick_add(
    QuickAdd(
        "follow-up",
        _("Follow-up"),
        "crm-follow-up-new",
        icon="message-plus",
        permission="follow-ups.create",
        order=20,
    )
)
register_quick_add(
    QuickAdd("lead", _("Lead"), "crm-lead-new", icon="user-plus", permission="leads.create", order=30)
)
register_quick_add(
    QuickAdd(
        "call",
        _("Incoming call"),
        "crm-call-new",
        icon="phone-incoming",
        permission="call-ins.create",
        order=40,
    )
)

register_record_page("customers", "crm-customer")
register_record_page("visits", "crm-visit")
register_record_page("turns", "crm-turn")
