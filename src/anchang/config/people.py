"""Adding people from the command line, by the same command as on the page."""

from dataclasses import replace

from anchang.config.roles import install_roles
from anchang.platform import commands
from anchang.platform.access import system_access
from anchang.platform.models import Role
from anchang.platform.scope import open_scope

NO_PROJECT = 0


def add_user(username: str, password: str, *, name: str = "", role: str = "", project: str = "") -> None:
    """A user who may sign in; with `role` (its code) in `project` (its code), or everywhere.

    Raises DomainError: a weak password, a name that is taken, an unknown role or project.
    """
    data = {"username": username, "name": name or username, "password": password}
    data |= {key: value for key, value in (("role", role), ("project", project)) if value}
    access = system_access()
    if not access.rights:
        # An empty office has no project to hold a right in, and still needs its first user.
        access = replace(access, rights={NO_PROJECT: {"*": "project"}})
    with open_scope(access):
        if not Role.objects.exists():
            install_roles()
        commands.execute(commands.get("add_users"), access, data=data)
