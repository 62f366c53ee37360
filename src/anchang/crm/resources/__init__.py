"""Objects of the customer work."""

from anchang.crm.resources import customers, leads, places, visits

__all__ = ["customers", "leads", "places", "visits"]
