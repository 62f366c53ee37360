"""Customers, leads, channels, and every contact with them."""

from anchang.crm.models.channels import Channel
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
from anchang.crm.models.visits import Appointment, CallIn, FollowUp, Visit

__all__ = [
    "Appointment", "CallIn", "Channel", "Consent", "Contact", "Customer", "CustomerIdentity", "CustomerMerge",
    "CustomerPhone", "FollowUp", "Grade", "GradeChange", "Household", "Need", "OwnerChange", "Stage", "Tour", "Visit",
]  # fmt: skip
