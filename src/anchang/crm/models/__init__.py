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
    PoolCustomer,
    PoolLead,
    Touch,
)
from anchang.crm.models.requests import PersonalRequest
from anchang.crm.models.retention import IdleFile, RetentionList
from anchang.crm.models.stops import MessageStop
from anchang.crm.models.tags import CustomerTag, Tag, TagPass
from anchang.crm.models.tours import Tour
from anchang.crm.models.visits import Appointment, CallIn, FollowUp, TruthCheck, Visit

__all__ = [
    "HELD", "OPEN", "Appointment", "AssignmentRule", "AssignmentTurn", "CallIn", "Campaign", "Channel",
    "ClaimCounter", "Consent", "Contact", "Customer", "CustomerIdentity", "CustomerMerge", "CustomerPhone",
    "CustomerTag", "FollowUp", "Grade", "GradeChange", "Household", "IdleFile", "Lead", "LeadPhone", "LeadState",
    "LeadTransfer", "MessageStop", "Need", "OwnerChange", "PersonalRequest", "PoolCustomer", "PoolLead",
    "RetentionList", "Stage", "Tag", "TagPass", "Touch", "Tour", "TruthCheck", "Visit",
]  # fmt: skip
