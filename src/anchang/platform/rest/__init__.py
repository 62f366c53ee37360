"""REST: /api/v1, made from the registers of resources and commands."""
