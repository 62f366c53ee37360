"""Objects of the customer work."""

from anchang.crm.resources import customers, leads, visits

__all__ = ["customers", "leads", "visits"]
