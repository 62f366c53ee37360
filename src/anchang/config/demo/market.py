"""Where the demo office's customers come from: channels, campaigns, assignment rules; who is present today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from anchang.config.demo.people import Office, given
from anchang.crm.commands.assignment_rules import RuleInput, add_assignment_rules
from anchang.crm.models import Campaign, Channel
from anchang.org.commands import PresenceInput, ProfileInput, QueueInput, add_profiles, build_queue, check_in

#: code -> (name, kind, share of leads, rate of visits against the mean)
CHANNELS = {
    "douyin": ("抖音信息流", "advert", 26, 0.72),
    "anjuke": ("安居客", "partner", 17, 0.9),
    "beike": ("贝壳新房", "broker", 15, 1.25),
    "gzh": ("公众号", "media", 9, 0.95),
    "hotline": ("来电热线", "hotline", 13, 1.25),
    "referral": ("老带新", "referral", 8, 1.9),
    "event": ("巡展活动", "event", 7, 0.85),
    "walk_in": ("自然来访", "walk_in", 5, 1.6),
}
CAMPAIGNS = (
    ("一期首开", "douyin", 380, 300, 260000), ("春季看房节", "douyin", 210, 160, 180000),
    ("安居客年框", "anjuke", 365, 0, 420000), ("暑期专场", "douyin", 150, 95, 150000),
    ("3幢加推", "douyin", 135, 60, 210000), ("商圈巡展", "event", 300, 20, 96000),
    ("公众号直播", "gzh", 120, 10, 45000), ("贝壳联动", "beike", 255, 0, 300000),
    ("本月冲刺", "douyin", 25, 0, 80000),
)  # fmt: skip


@dataclass
class Market:
    channels: dict[str, Channel] = field(default_factory=dict)
    #: channel code -> [(campaign, first day, last day)]
    campaigns: dict[str, list[tuple[str, dt.date, dt.date]]] = field(default_factory=dict)


def make_market(office: Office) -> Market:
    market = Market()
    for code, (name, kind, _share, _rate) in CHANNELS.items():
        market.channels[code] = Channel.objects.create(project=office.project, code=code, name=name, kind=kind)
    for name, channel, first, last, cost in CAMPAIGNS:
        days = (office.day(first), office.day(last))
        Campaign.objects.create(
            project=office.project, name=name, channel=market.channels[channel], starts_on=days[0], ends_on=days[1],
            cost=Decimal(cost),
        )  # fmt: skip
        market.campaigns.setdefault(channel, []).append((name, *days))
    ctx = office.context()
    ctx.index(Campaign.objects.filter(project=office.project), fresh=True)
    ctx.flush()
    return market


def set_rules(office: Office) -> None:
    """High-end leads to team A, leads of the partner sites to team B; the rest to everybody by turns."""
    ctx = office.context("manager", office.at(office.day(380), 9))
    add_assignment_rules(ctx, [
        given(ctx, RuleInput(name="高端客户归一组", position=10, team=office.teams["A"].pk,
                  conditions={"field": "customer_type", "op": "eq", "value": "high_end"})),
        given(ctx, RuleInput(name="安居客归二组", position=20, team=office.teams["B"].pk, fall_through=True,
                  conditions={"field": "channel.code", "op": "eq", "value": "anjuke"})),
    ])  # fmt: skip
    ctx.flush()


def open_doors(office: Office) -> None:
    """Today: levels, who is in the house, and the order of reception."""
    ctx = office.context("manager")
    levels = [ProfileInput(user=user.pk, level=2 + n % 3) for n, user in enumerate(office.consultants)]
    add_profiles(ctx, [given(ctx, level) for level in levels])
    ctx.flush()
    for username in office.users:
        if username.startswith("consultant"):
            ctx = office.context(username)
            check_in(ctx, PresenceInput())
            ctx.flush()
    ctx = office.context("manager")
    build_queue(ctx, given(ctx, QueueInput(users=[user.pk for user in office.consultants])))
    ctx.flush()
