"""People and projects for tests: a fixed cast, made with the commands or as plain rows.

    office = make_office()                      # project YQ, two teams, everybody of the cast
    with office.as_("consultant1") as access:   # opens the scope of that user's rights
        lead = run("add_leads", access, data={...})
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from anchang.config.roles import install_roles
from anchang.kernel.actor import SYSTEM
from anchang.platform import commands
from anchang.platform.access import Access, access_of, actor_for, bump_stamp, system_access
from anchang.platform.models import Company, Grant, Project, Role, Team, TeamMember, User
from anchang.platform.scope import open_scope, set_scope

CAST = {
    "admin": "admin", "group": "group", "director": "director", "manager": "manager", "finance": "finance",
    "clerk": "clerk", "service": "service", "consultant1": "consultant", "consultant2": "consultant",
    "consultant5": "consultant", "consultant6": "consultant",
}  # fmt: skip
NAMES = dict(zip(CAST, ["管理员", "集团", "项目总", "经理", "财务", "签约", "客服", "陈强", "周敏", "李娜", "赵磊"], strict=True))
PASSWORD = "test-Password-1"


@dataclass
class Office:
    project: Project
    users: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    def access(self, who: str) -> Access:
        if who == "system":
            return system_access([self.project.pk])
        return access_of(actor_for(self.users[who]))

    @contextmanager
    def as_(self, who: str) -> Iterator[Access]:
        access = self.access(who)
        with open_scope(access):
            yield access


def make_project(code: str = "YQ", name: str = "云栖花园") -> Project:
    company, _ = Company.objects.get_or_create(code="C1", defaults={"name": "云栖置业有限公司"})
    project = Project.objects.create(code=code, name=name, company=company, city="杭州")
    bump_stamp()
    return project


def make_user(username: str, role: str, project: Project | None, name: str = "") -> User:
    """A user with a role in the project (the whole group when None)."""
    user = User(username=username, name=name or username)
    user.set_password(PASSWORD)
    user.save()
    install_roles()
    Grant.objects.create(user=user, role=Role.objects.get(code=role), project=project)
    bump_stamp()
    return user


def make_office(code: str = "YQ", prefix: str = "") -> Office:
    """A project with the whole cast: consultants 1, 2 in team A, 5, 6 in team B."""
    office = Office(make_project(code))
    for username, role in CAST.items():
        wide = role in ("admin", "group")
        office.users[username] = make_user(
            prefix + username, role, None if wide else office.project, NAMES[username]
        )
    with open_scope(system_access([office.project.pk])):
        for letter, members in (("A", ("consultant1", "consultant2")), ("B", ("consultant5", "consultant6"))):
            team = Team.objects.create(project=office.project, code=letter, name=f"{letter} 组")
            office.teams[letter] = team
            for who in members:
                TeamMember.objects.create(project=office.project, team=team, user=office.users[who])
    bump_stamp()
    return office


def run(name: str, access: Access, subject: Any = None, /, **data: Any) -> Any:
    """Execute a command by its name; `rows=[…]` for several, `project=…` as in the input."""
    cmd = commands.get(name)
    rows = data.pop("rows", None) if cmd.kind == "create" else None
    if cmd.kind in ("create", "project"):
        return commands.execute(cmd, access, data=data, rows=rows)
    return commands.execute(cmd, access, subject_id=getattr(subject, "pk", subject), data=data)


__all__ = ["CAST", "PASSWORD", "SYSTEM", "Office", "make_office", "make_project", "make_user", "run", "set_scope"]
