"""Writes on the platform's own objects."""

from anchang.platform.office.commands import own, settings  # noqa: F401 (declare their commands)
from anchang.platform.office.commands.people import (
    ProjectInput,
    UserInput,
    add_users,
    belongings,
    create_projects,
    use_reset_link,
)

__all__ = ["ProjectInput", "UserInput", "add_users", "belongings", "create_projects", "use_reset_link"]
