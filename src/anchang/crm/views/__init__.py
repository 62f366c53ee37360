"""Special screens of the customer work: reception, the customer's page, the floor, the pool."""
