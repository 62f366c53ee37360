"""Who is to be told: people by role or by permission in a project."""

from anchang.platform.people import with_permission, with_roles

__all__ = ["with_permission", "with_roles"]
