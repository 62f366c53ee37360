"""Every write of leads, customers and contacts; importing the package registers the commands."""

from anchang.crm.commands import (
    appointments,
    assignment_rules,
    channels,
    claims,
    criteria,
    customers,
    deleting,
    family,
    followups,
    grades,
    lead_clock,
    lead_contact,
    lead_import,
    leads,
    merging,
    personal,
    privacy,
    retention,
    segments,
    standing,
    tagging,
    telling,
    truth,
    visit_import,
    visits,
)

__all__ = [
    "appointments", "assignment_rules", "channels", "claims", "criteria", "customers", "deleting", "family",
    "followups", "grades", "lead_clock", "lead_contact", "lead_import", "leads", "merging", "personal", "privacy",
    "retention", "segments", "standing", "tagging", "telling", "truth", "visit_import", "visits",
]  # fmt: skip
