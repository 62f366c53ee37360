"""Which customer files can be written to."""

from __future__ import annotations

from anchang.crm.models import Customer
from anchang.kernel.errors import Refusal


def why_not_write(customer: Customer) -> Refusal | None:
    """A merged file is history: its successor is written to. Of an erased one nothing is left."""
    if customer.state in (Customer.State.MERGED, Customer.State.ERASED):
        return Refusal("customer_not_active", {"state": customer.get_state_display()})
    return None
