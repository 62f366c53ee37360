"""Writes the year's people in bulk: leads with their trace, customers, phones, needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from anchang.config.demo.lives import Life
from anchang.config.demo.market import Market
from anchang.config.demo.names import PURPOSES, REGIONS
from anchang.config.demo.people import Office
from anchang.config.demo.writing import Journal, Row, numbered, write
from anchang.crm import rules
from anchang.crm.commands.lead_intake import Enquiry
from anchang.crm.models import (
    CallIn,
    Customer,
    CustomerPhone,
    CustomerTag,
    Lead,
    LeadTransfer,
    Need,
    OwnerChange,
    Tag,
    Touch,
)
from anchang.kernel.phone import mask, tail4
from anchang.platform import bulk, personal
from anchang.platform.access import actor_for
from anchang.platform.models import Task

TAGS = ("学区", "首置", "改善", "全款", "投资", "老业主亲友", "急购")
GRADE_DAYS = {"A": 7, "B": 30}
QUESTIONS = ("询问均价和在售户型", "询问地址和地铁",
             "询问首付比例", "询问开盘和加推时间", "预约周末看房", "询问车位情况")


@dataclass
class Crowd:
    """Lives with the rows that they became."""

    lives: Sequence[Life]
    customers: dict[int, Row] = field(default_factory=dict)  # position of the life -> customer
    leads: dict[int, Row] = field(default_factory=dict)


class CrowdWriter:
    def __init__(self, office: Office, market: Market, random: Random, journal: Journal) -> None:
        self.office, self.market, self.random, self.journal = office, market, random, journal
        self.project = office.project
        self.actors = {name: actor_for(user) for name, user in office.users.items()}

    def write(self, lives: Sequence[Life]) -> Crowd:
        crowd = Crowd(lives)
        digests = [personal.digest(life.phone) for life in lives]
        self._customers(crowd, digests)
        self._leads(crowd, digests)
        self._needs(crowd)
        self._dropped(crowd)
        return crowd

    def _write(self, model: Any, rows: Sequence[Row], made_at: Sequence[dt.datetime] | None = None) -> None:
        write(model, rows, made_at, self.project.pk)

    def _user_id(self, username: str) -> int:
        return self.office.users[username].pk

    def _day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self.office.zone).date()

    # --- customers ------------------------------------------------------------------------------

    def _customers(self, crowd: Crowd, digests: Sequence[str]) -> None:
        for n, life in enumerate(crowd.lives):
            life.calls.sort(key=lambda call: call.at)
            if life.has_file:
                crowd.customers[n] = self._customer(life)
        rows = list(crowd.customers.values())
        numbered(Customer, rows)
        starts = {n: _file_at(crowd.lives[n]) for n in crowd.customers}
        order = sorted(crowd.customers, key=starts.__getitem__)
        self._write(Customer, [crowd.customers[n] for n in order], [starts[n] for n in order])
        self._tags(rows)
        phones, tokens = [], {}
        for n, customer in crowd.customers.items():
            life = crowd.lives[n]
            phones.append(Row(
                customer_id=customer.pk, cipher=personal.encrypt(life.phone), digest=digests[n],
                masked=mask(life.phone), tail=tail4(life.phone), main=True, added_at=starts[n],
            ))  # fmt: skip
            tokens[customer.pk] = [
                *bulk.name_tokens(life.name), f"k{customer.pk:09d}", "#" + tail4(life.phone), "=" + digests[n],
            ]  # fmt: skip
            self.journal.add(
                starts[n], "customer.created", "customers", customer.pk, customer.pk, self.actors[life.owner],
                source=customer.source, owner=self._user_id(life.owner),
            )  # fmt: skip
            if life.lost and life.closed_at:
                self.journal.add(life.closed_at, "customer.lost", "customers", customer.pk, customer.pk,
                                 self.actors[life.owner], reason=life.lost)  # fmt: skip
        self._write(CustomerPhone, phones)
        bulk.add_tokens(self.project.pk, "customers", tokens)

    def _customer(self, life: Life) -> Row:
        choose, start = self.random.choice, life.captured or life.comings[0].at
        last = life.last_contact or start
        owned = life.dropped_at is None
        visits = len(life.comings)
        stage = rules.stage(rules.StageFacts(visits, life.grade))
        days = GRADE_DAYS.get(life.grade)
        return Row(
            name=life.name, sex=life.sex, phone_masked=mask(life.phone), grade=life.grade,
            grade_until=self._day(last) + dt.timedelta(days=days) if days else None, stage=stage,
            owner_id=self._user_id(life.owner) if owned else None,
            team_id=self.office.team_of[self._user_id(life.owner)] if owned else None,
            channel_id=self.market.channels[life.channel].pk, campaign=life.campaign,
            source="lead" if life.captured else "visit", captured_at=start, business_date=self._day(start),
            last_follow_up_at=life.calls[-1].at if life.calls else None,
            last_visit_at=life.comings[-1].at if life.comings else None,
            next_follow_at=None, idle_since=life.dropped_at or last, visit_count=visits,
            occupation=choose(("employee", "manager", "civil_servant", "teacher", "doctor", "self_employed", "")),
            age_band=choose(("26_35", "26_35", "36_45", "36_45", "46_55", "to_25", "56_up")),
            residence=life.region, workplace=choose(REGIONS),
            state="lost" if life.lost else "active", state_reason=life.lost,
            value_class="high" if life.kind == "high_end" else "normal", created_by_id=self._user_id(life.owner),
        )  # fmt: skip

    def _tags(self, customers: Sequence[Row]) -> None:
        """One customer in five has a tag by hand."""
        made = [Row(name=name, category="", condition={}, active=True) for name in TAGS]
        numbered(Tag, made)
        self._write(Tag, made)
        self._write(CustomerTag, [
            Row(customer_id=customer.pk, tag_id=self.random.choice(made).pk, by_id=customer.owner_id)
            for customer in customers if self.random.random() < 0.2
        ])  # fmt: skip

    # --- leads ----------------------------------------------------------------------------------

    def _leads(self, crowd: Crowd, digests: Sequence[str]) -> None:
        for n, life in enumerate(crowd.lives):
            if life.captured:
                crowd.leads[n] = self._lead(life, digests[n], crowd.customers.get(n))
        rows = list(crowd.leads.values())
        numbered(Lead, rows)
        self._write(Lead, rows, [lead.captured_at for lead in rows])
        trace: list[Row] = []
        touches: list[Row] = []
        calls: list[Row] = []
        tokens = {}
        for n, lead in crowd.leads.items():
            life = crowd.lives[n]
            tokens[lead.pk] = [*bulk.name_tokens(life.name), "#" + tail4(life.phone), "=" + digests[n]]
            trace += self._trace(life, lead)
            touches += self._touches(life, lead)
            if life.channel == "hotline":
                calls.append(self._call_in(life, lead, digests[n]))
        self._write(LeadTransfer, sorted(trace, key=lambda row: row.at))
        self._write(Touch, touches)
        self._write(CallIn, calls, [call.called_at for call in calls])
        bulk.add_tokens(self.project.pk, "leads", tokens)
        self._first_contacts(crowd)

    def _lead(self, life: Life, digest: str, customer: Row | None) -> Row:
        assert life.captured is not None
        state, valid = self._lead_state(life)
        pooled = state == "pool"
        since = life.dropped_at or life.pooled_at if pooled else None
        assigned = life.claimed_at or life.captured
        owner = None if pooled else self._user_id(life.owner)
        return Row(
            name=life.name, sex=life.sex, phone_cipher=personal.encrypt(life.phone),
            phone_digest=digest, phone_masked=mask(life.phone), phone_tail=tail4(life.phone),
            channel_id=self.market.channels[life.channel].pk, campaign=life.campaign,
            enquiry_key=Enquiry([life.phone], campaign=life.campaign, captured_at=life.captured).key,
            captured_at=life.captured, business_date=self._day(life.captured), city="杭州", region=life.region,
            customer_type=life.kind, owner_id=owner, team_id=self.office.team_of[owner] if owner else None, state=state,
            valid=valid, invalid_reason=life.invalid, closed_note=life.lost if state == "lost" else "",
            assigned_at=assigned, first_contact_due_at=None if pooled else assigned + dt.timedelta(hours=24),
            first_contacted_at=life.contacted_at, pool_since=since,
            last_owner_id=self._user_id(life.owner if life.dropped_at else life.first_owner) if pooled else None,
            barred_until=since + dt.timedelta(days=3) if since else None, touch_count=len(life.touches),
            last_touch_at=life.touches[-1] if life.touches else None, customer_id=customer.pk if customer else None,
        )  # fmt: skip

    def _lead_state(self, life: Life) -> tuple[str, bool | None]:
        if life.comings:
            return "visited", True
        if life.invalid:
            return "invalid", False
        if life.pooled_at and not life.claimed_at:
            return "pool", None
        if life.dropped_at:
            return "pool", self.random.random() < 0.6 or None
        if life.lost:
            return "lost", self.random.random() < 0.75 or None
        if not life.contacted_at:
            return "assigned", None
        recent = self.office.now - dt.timedelta(minutes=5)
        qualified = sum(call.result != "no_answer" and call.at < recent for call in life.calls) >= 2
        return ("qualified", True) if qualified else ("contacted", None)

    def _trace(self, life: Life, lead: Row) -> list[Row]:
        """Each step of the lead with its event."""
        assert life.captured is not None
        first, now = self._user_id(life.first_owner), self._user_id(life.owner)
        rows: list[Row] = []
        channel = self.market.channels[life.channel].pk
        self._fact(life.captured, "lead.created", lead, None, owner=first, channel=channel)
        name = self.office.users[life.first_owner].name
        self._fact(life.captured, "lead.assigned", lead, None, to=name, owner=first, rule=None)
        rows.append(self._step(lead, "assigned", life.captured, None, None, first, "new", "assigned"))
        if life.pooled_at:
            rows.append(self._step(lead, "recycled", life.pooled_at, None, first, None, "assigned", "pool",
                                   "no_first_contact"))  # fmt: skip
            self._fact(life.pooled_at, "lead.recycled", lead, None, reason="no_first_contact", owner=first)
        if life.claimed_at:
            rows.append(self._step(lead, "claimed", life.claimed_at, now, None, now, "pool", "assigned"))
            self._fact(life.claimed_at, "lead.claimed", lead, life.owner, to=self.office.users[life.owner].name,
                       owner=now, **{"from": None}, reason="")  # fmt: skip
        return rows + self._progress(life, lead, now)

    def _progress(self, life: Life, lead: Row, owner: int) -> list[Row]:
        rows: list[Row] = []
        state = "assigned"
        for at, to, reason in self._states(life, lead):
            rows.append(self._step(lead, "state", at, owner, owner, owner, state, to, reason))
            self._fact(at, "lead.state", lead, life.owner, old=state, new=to, reason=reason)
            state = to
        if lead.state == "pool" and life.dropped_at:
            rows.append(self._step(lead, "recycled", life.dropped_at, None, owner, None, state, "pool", "grade_limit"))
            self._fact(life.dropped_at, "lead.recycled", lead, None, reason="grade_limit", owner=owner)
        return rows

    def _states(self, life: Life, lead: Row) -> list[tuple[dt.datetime, str, str]]:
        found = []
        if life.contacted_at:
            found.append((life.contacted_at, "contacted", "follow_up"))
        visited = life.comings[0].at if life.comings else self.office.now
        early = [call.at for call in life.calls if call.at < visited - dt.timedelta(minutes=5)]
        if len(early) > 1 and (life.comings or lead.state == "qualified"):
            found.append((early[1] + dt.timedelta(minutes=1), "qualified", ""))
        if life.comings:
            found.append((life.comings[0].at, "visited", "visit"))
        elif life.closed_at and lead.state in ("invalid", "lost"):
            found.append((life.closed_at, lead.state, life.invalid or life.lost))
        return sorted(found)

    def _step(
        self, lead: Row, kind: str, at: dt.datetime, actor: int | None, source: int | None, target: int | None,
        old: str, new: str, reason: str = "",
    ) -> Row:  # fmt: skip
        return Row(
            lead_id=lead.pk, kind=kind, at=at, actor_id=actor, from_owner_id=source,
            to_owner_id=target, from_state=old, to_state=new, reason=reason,
        )  # fmt: skip

    def _fact(self, at: dt.datetime, name: str, lead: Row, who: str | None, **data: object) -> None:
        actor = {"actor": self.actors[who]} if who else {}
        self.journal.add(at, name, "leads", lead.pk, lead.customer_id, **actor, **data)  # type: ignore[arg-type]

    def _touches(self, life: Life, lead: Row) -> list[Row]:
        for at in life.touches:
            self._fact(at, "lead.touched", lead, None)
        return [
            Row(
                lead_id=lead.pk, channel_id=lead.channel_id, campaign=lead.campaign, captured_at=at,
                key=Enquiry([life.phone], campaign=lead.campaign, captured_at=at).key, business_date=self._day(at),
            )
            for at in life.touches
        ]  # fmt: skip

    def _call_in(self, life: Life, lead: Row, digest: str) -> Row:
        owner = self._user_id(life.first_owner)
        return Row(
            customer_id=lead.customer_id, called_at=lead.captured_at,
            business_date=lead.business_date, caller=life.name, phone_cipher=personal.encrypt(life.phone),
            phone_digest=digest, phone_masked=lead.phone_masked, question=self.random.choice(QUESTIONS),
            channel_id=lead.channel_id, passed_to_id=owner, team_id=self.office.team_of[owner],
            taken_by_id=self._user_id("service"), created_by_id=self._user_id("service"),
        )  # fmt: skip

    def _first_contacts(self, crowd: Crowd) -> None:
        """To-dos for leads that nobody has called yet."""
        waiting = [lead for lead in crowd.leads.values() if lead.state == "assigned"]
        self._write(Task, [
            Row(assignee_id=lead.owner_id, code="lead_first_contact", resource="leads",
                 record_id=lead.pk, due_at=lead.first_contact_due_at, params={"name": lead.name},
                 period_key=lead.captured_at.isoformat())
            for lead in waiting
        ], [lead.captured_at for lead in waiting])  # fmt: skip

    # --- around customers -----------------------------------------------------------------------

    def _needs(self, crowd: Crowd) -> None:
        rows, moments = [], []
        for n, customer in crowd.customers.items():
            life = crowd.lives[n]
            if not life.comings and self.random.random() < 0.5:
                continue
            layout, low = self.random.choice((("A", 85), ("A", 85), ("B", 100), ("C", 115), ("D", 130)))
            budget = Decimal(low * self.random.randrange(230, 275) * 100)
            rows.append(Row(
                customer_id=customer.pk, budget_low=budget,
                budget_high=budget + Decimal(self.random.randrange(20, 60) * 10_000), area_low=Decimal(low),
                area_high=Decimal(low + 20), layouts=[layout], purpose=self.random.choice(PURPOSES),
                family=self.random.choice(("single", "couple", "couple_child", "couple_children", "three_generations")),
                heard_from=self.market.channels[life.channel].name, created_by_id=self._user_id(life.owner),
            ))  # fmt: skip
            moments.append(_file_at(life))
        self._write(Need, rows, moments)

    def _dropped(self, crowd: Crowd) -> None:
        """Customers whom the clock took from their owners."""
        rows = []
        for n, customer in crowd.customers.items():
            life = crowd.lives[n]
            if life.dropped_at:
                owner = self.office.users[life.owner]
                rows.append(Row(customer_id=customer.pk, old_id=owner.pk, new_id=None,
                                        reason="grade_limit", at=life.dropped_at))  # fmt: skip
                self.journal.add(life.dropped_at, "customer.owner_changed", "customers", customer.pk, customer.pk,
                                 old=owner.name, new="")  # fmt: skip
        self._write(OwnerChange, rows)


def _file_at(life: Life) -> dt.datetime:
    """When the customer's file was made: at the first call or visit."""
    moments = [c.at for c in life.calls[:1]] + [c.at for c in life.comings[:1]]
    return min(moments)
