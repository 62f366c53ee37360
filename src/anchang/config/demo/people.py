"""Who works in the demo office, what they may do, and the office's parameters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password

from anchang.config.roles import install_roles
from anchang.kernel import chinese
from anchang.platform.access import Access, actor_for, bump_stamp, system_access
from anchang.platform.commands import resolve_refs
from anchang.platform.context import Context
from anchang.platform.inputs import Input
from anchang.platform.models import Company, Grant, Parameter, Project, Team, TeamMember, User
from anchang.platform.scope import set_scope

T = TypeVar("T", bound=Input)

PASSWORD = "anchang-demo"
HISTORY_DAYS = 400

#: username -> (name, role, post). Roles of `WIDE` hold for the whole group.
STAFF: Mapping[str, tuple[str, str, str]] = {
    "admin": ("方志远", "admin", "系统管理员"),
    "group": ("沈雅琴", "group", "集团营销经理"),
    "director": ("顾明轩", "director", "项目营销总"),
    "manager": ("林晓峰", "manager", "案场经理"),
    "finance": ("许静怡", "finance", "案场财务"),
    "clerk": ("叶文婷", "clerk", "签约专员"),
    "service": ("何佳颖", "service", "客服专员"),
    "consultant1": ("陈思远", "consultant", "置业顾问"),
    "consultant2": ("王雨桐", "consultant", "置业顾问"),
    "consultant3": ("李浩然", "consultant", "置业顾问"),
    "consultant4": ("赵梦洁", "consultant", "置业顾问"),
    "consultant5": ("周俊杰", "consultant", "置业顾问"),
    "consultant6": ("吴诗涵", "consultant", "置业顾问"),
    "consultant7": ("郑凯文", "consultant", "置业顾问"),
    "consultant8": ("孙若曦", "consultant", "置业顾问"),
}
WIDE = frozenset({"admin", "group"})
TEAMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "A": ("销售一组", ("consultant1", "consultant2", "consultant3", "consultant4")),
    "B": ("销售二组", ("consultant5", "consultant6", "consultant7", "consultant8")),
}
#: How good each consultant is at selling, so that rankings have a spread.
SKILL = {f"consultant{n}": skill for n, skill in enumerate((1.5, 0.8, 1.15, 0.6, 1.3, 1.0, 0.7, 0.95), 1)}

#: What the demo stands for (DOMAIN §3, §10), said aloud even where it is the default.
PARAMETERS: Mapping[str, object] = {
    "deals.activate_on": "submit",
    "deals.min_paid_to_sign": "0",
    "deals.bureau_revocation": False,
    "deals.contract_review": False,
    "deals.strict_check_digits": False,
    "org.presence_assumed": True,
    "crm.words.area": ["西湖区", "拱墅区", "上城区", "滨江区", "萧山区", "余杭区", "临平区", "钱塘区"],
    "insight.target_units": 24,
    "insight.target_amount": "62000000.00",
}


@dataclass
class Office:
    """The demo office while it is being made. `now` is the moment of loading, `today` its business date."""

    project: Project
    now: dt.datetime
    users: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    team_of: dict[int, int] = field(default_factory=dict)  # user id -> team id

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.project.time_zone)

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.zone).date()

    @property
    def consultants(self) -> list[User]:
        return [user for name, user in self.users.items() if name.startswith("consultant")]

    def day(self, days_ago: int) -> dt.date:
        return self.today - dt.timedelta(days=days_ago)

    def at(self, day: dt.date, hour: float) -> dt.datetime:
        """A moment of a day of the project, e.g. 14.5 for half past two."""
        return dt.datetime.combine(day, dt.time(), self.zone) + dt.timedelta(hours=hour)

    def access(self, who: str = "") -> Access:
        """Everything in this project, done by the named person (none: the system)."""
        whole = system_access([self.project.pk])
        if not who:
            return whole
        user = self.users[who]
        teams = {self.project.pk: self.team_of[user.pk]} if user.pk in self.team_of else {}
        return replace(whole, actor=actor_for(user), teams=teams)

    def context(self, who: str = "", at: dt.datetime | None = None) -> Context:
        """For calling a command's body as somebody at a moment of the past."""
        access = self.access(who)
        set_scope(access.project_ids, access.actor)
        return Context(access, self.project, at or self.now)


def given(ctx: Context, data: T) -> T:
    """The input with its references fetched, as a command's body expects it."""
    resolve_refs(ctx, [data])
    return data


def make_people(code: str, now: dt.datetime) -> Office:
    """Company, project, users with their roles, teams, parameters."""
    roles = install_roles()
    company = Company.objects.filter(code="YX").first() or Company.objects.create(code="YX", name="云栖置业有限公司")
    project = Project.objects.create(
        code=code, name="云栖花园", company=company, city="杭州", address="杭州市西湖区云栖路 88 号",
        developer="云栖置业有限公司",
    )  # fmt: skip
    office = Office(project, now)
    password = make_password(PASSWORD)
    for username, (name, _role, post) in STAFF.items():
        office.users[username] = User(
            username=username, name=name, name_pinyin=chinese.pinyin(name)[:120], post=post, password=password,
            staff_number=f"YX{len(office.users) + 1:04d}",
        )  # fmt: skip
    User.objects.bulk_create(office.users.values())
    Grant.objects.bulk_create(
        Grant(user=office.users[username], role=roles[role], project=None if username in WIDE else project)
        for username, (_name, role, _post) in STAFF.items()
    )
    set_scope([project.pk], system_access([project.pk]).actor)
    for letter, (name, members) in TEAMS.items():
        team = office.teams[letter] = Team.objects.create(project=project, code=letter, name=name)
        TeamMember.objects.bulk_create(TeamMember(project=project, team=team, user=office.users[m]) for m in members)
        office.team_of |= {office.users[m].pk: team.pk for m in members}
    Parameter.objects.bulk_create(
        Parameter(key=key, project=project, value=value, valid_from=office.day(HISTORY_DAYS))
        for key, value in PARAMETERS.items()
    )
    bump_stamp()
    return office
