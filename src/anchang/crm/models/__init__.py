"""Customers, leads, channels, and every contact with them."""

from anchang.crm.models.channels import Campaign, Channel
from anchang.crm.models.customers import (
    Consent,
    Contact,
    Customer,
    CustomerIdentity,
    CustomerMerge,
    CustomerPhone,
    Grade,
    GradeChange,
    Household,
    Need,
    OwnerChange,
    Stage,
)
from anchang.crm.models.tours import Tour
from anchang.crm.models.leads import (
    HELD,
    OPEN,
    AssignmentRule,
    AssignmentTurn,
    ClaimCounter,
    Lead,
    LeadPhone,
    LeadState,
    LeadTransfer,
    PoolLead,
    Touch,
)
from anchang.crm.models.visits import Appointment, CallIn, FollowUp, TruthCheck, Visit

__all__ = [
    "HELD", "OPEN", "AssignmentRule", "AssignmentTurn", "Campaign", "ClaimCounter", "Lead", "LeadPhone", "LeadState",
    "LeadTransfer", "PoolLead", "Touch",
    "Appointment", "CallIn", "Channel", "Consent", "Contact", "Customer", "CustomerIdentity", "CustomerMerge",
    "CustomerPhone", "FollowUp", "Grade", "GradeChange", "Household", "Need", "OwnerChange", "Stage", "Tour", "TruthCheck", "Visit",
]  # fmt: skip
