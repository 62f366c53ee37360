"""Writes the year's contacts in bulk: follow-ups, visits, tours, appointments, grades."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random
from typing import Any

from anchang.config.demo.crowd import Crowd
from anchang.config.demo.lives import Call, Coming, Life
from anchang.config.demo.names import REACTIONS, TALKS, VISIT_PURPOSES
from anchang.config.demo.people import Office
from anchang.config.demo.stock import Stock
from anchang.config.demo.writing import Journal, Row, numbered, update, write
from anchang.crm import rules
from anchang.crm.models import Appointment, FollowUp, GradeChange, Tour, Visit
from anchang.platform.access import actor_for
from anchang.platform.models import Task

FOLLOW_UP_DAYS = {"A": 1, "B": 3, "C": 7, "D": 30}
STALE_DAYS = 5
PLACES = ("样板房 89㎡", "样板房 120㎡", "工法展示间")
FEEDBACK = {"price": ("acceptable", "high", "too_high"), "layout": ("liked", "liked", "neutral", "disliked"),
            "location": ("liked", "neutral"), "competitor": ("none", "comparing", "prefers_other")}  # fmt: skip


class ContactWriter:
    def __init__(self, office: Office, stock: Stock, random: Random, journal: Journal) -> None:
        self.office, self.stock, self.random, self.journal = office, stock, random, journal
        self.project = office.project
        self.actors = {name: actor_for(user) for name, user in office.users.items()}
        self.follow_ups: list[Row] = []
        self.visits: list[Row] = []
        self.tours: list[tuple[Row, Row]] = []
        self.appointments: list[tuple[Row, Row]] = []
        self.grades: list[Row] = []
        self.last: dict[int, tuple[Life, Row]] = {}
        self.on_sale = sorted((day, pk) for pk, day in stock.released_on.items())

    def write(self, crowd: Crowd) -> None:
        for n, customer in crowd.customers.items():
            self._one(crowd.lives[n], customer)
        self.follow_ups.sort(key=lambda row: row.at)
        numbered(FollowUp, self.follow_ups)
        self._write(FollowUp, self.follow_ups)
        self.visits.sort(key=lambda row: row.arrived_at)
        numbered(Visit, self.visits)
        self._write(Visit, self.visits, [visit.arrived_at for visit in self.visits])
        self._write(GradeChange, sorted(self.grades, key=lambda row: row.at))
        self._attach()
        self._tell(crowd)
        self._plans(crowd)

    def _write(self, model: Any, rows: Sequence[Row], made_at: Sequence[dt.datetime] | None = None) -> None:
        write(model, rows, made_at, self.project.pk)

    def _one(self, life: Life, customer: Row) -> None:
        """The contacts of one customer in their order, with what they do to grade and stage."""
        steps: list[Call | Coming] = sorted([*life.calls, *life.comings], key=lambda step: step.at)
        grade, stage, seq = "C", "visitor", 0
        path = self._grade_path(life, steps)
        for step, new in zip(steps, path, strict=True):
            old, grade = grade, new
            if isinstance(step, Coming):
                seq += 1
                self._visit(life, customer, step, seq, old, grade)
            else:
                self._follow_up(life, customer, step, grade if grade != old else "", grade)
            if grade != old:
                self._regraded(life, customer, step.at, old, grade)
            reached = rules.stage(rules.StageFacts(seq, grade))
            if reached != stage:
                self.journal.add(step.at, "customer.stage_changed", "customers", customer.pk, customer.pk,
                                 self.actors[life.owner], old=stage, new=reached)  # fmt: skip
                stage = reached

    def _grade_path(self, life: Life, steps: list[Call | Coming]) -> list[str]:
        """The grade after each contact: up with a promising visit, today's one at the last contact."""
        promising = life.grade in "AB" or len(life.comings) > 1 or life.buys_at is not None
        path, grade = [], "C"
        for step in steps:
            if isinstance(step, Coming) and promising:
                grade = "B"
            path.append(grade)
        path[-1] = life.grade
        return path

    def _regraded(self, life: Life, customer: Row, at: dt.datetime, old: str, new: str) -> None:
        self.grades.append(Row(
            customer_id=customer.pk, old=old, new=new, by_id=self.office.users[life.owner].pk, at=at,
            reason="",
        ))  # fmt: skip
        self.journal.add(at, "customer.grade_changed", "customers", customer.pk, customer.pk, self.actors[life.owner],
                         old=old, new=new, rule="")  # fmt: skip

    def _day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self.office.zone).date()

    def _follow_up(self, life: Life, customer: Row, call: Call, said: str, grade: str) -> None:
        owner = self.office.users[life.owner]
        effective = call.result in ("", "answered") and (call.duration is None or call.duration >= 30)
        row = Row(
            customer_id=customer.pk, author_id=owner.pk, team_id=self.office.team_of[owner.pk],
            method=call.method, content=call.content, next_at=call.at + dt.timedelta(days=FOLLOW_UP_DAYS[grade]),
            grade=said, result=call.result, duration=call.duration, effective=effective, at=call.at,
            business_date=self._day(call.at),
        )  # fmt: skip
        self.follow_ups.append(row)
        self.last[customer.pk] = (life, row)

    def _visit(self, life: Life, customer: Row, coming: Coming, seq: int, before: str, after: str) -> None:
        owner, choose = self.office.users[life.owner], self.random.choice
        left = coming.at + dt.timedelta(minutes=coming.minutes)
        visit = Row(
            customer_id=customer.pk, seq=seq, arrived_at=coming.at,
            left_at=left if left < self.office.now else None, business_date=self._day(coming.at),
            receptionist_id=owner.pk, consultant_id=owner.pk, team_id=self.office.team_of[owner.pk],
            channel_id=customer.channel_id, purpose=choose(VISIT_PURPOSES) if seq == 1 else "",
            content=choose(TALKS).format(layout=choose(("89㎡", "105㎡", "120㎡", "139㎡"))), people=coming.people,
            feedback={q: choose(a) for q, a in FEEDBACK.items()} if self.random.random() < 0.6 else {},
            grade_before=before, grade_after=after, created_by_id=owner.pk,
        )  # fmt: skip
        self.visits.append(visit)
        if self.random.random() < 0.75 and visit.left_at:
            self.tours.append((visit, self._tour(visit, coming)))
        if (seq > 1 and self.random.random() < 0.55) or self.random.random() < 0.12:
            self.appointments.append((visit, self._appointment(visit)))

    def _tour(self, visit: Row, coming: Coming) -> Row:
        known = [pk for day, pk in self.on_sale[:: max(1, len(self.on_sale) // 40)] if day < visit.business_date]
        unit = self.random.choice(known) if known and self.random.random() < 0.45 else None
        start = coming.at + dt.timedelta(minutes=12)
        return Row(
            visit_id=0, unit_id=unit, place="" if unit else self.random.choice(PLACES),
            consultant_id=visit.consultant_id, started_at=start,
            ended_at=start + dt.timedelta(minutes=coming.minutes // 2),
            reaction=self.random.choice(REACTIONS), created_by_id=visit.consultant_id,
        )  # fmt: skip

    def _appointment(self, visit: Row) -> Row:
        off = self.random.choice((-10, -5, 0, 5, 10, 12, -40))
        start = visit.arrived_at + dt.timedelta(minutes=off)
        late = off <= -15
        return Row(
            visit_id=0, customer_id=visit.customer_id, consultant_id=visit.consultant_id, team_id=visit.team_id,
            starts_at=start, ends_at=start + dt.timedelta(hours=1), business_date=visit.business_date,
            purpose="到访看房", state="late" if late else "arrived", created_by_id=visit.consultant_id,
        )  # fmt: skip

    def _attach(self) -> None:
        for visit, tour in self.tours:
            tour.visit_id = visit.pk
        self._write(Tour, [tour for _v, tour in self.tours], [tour.started_at for _v, tour in self.tours])
        for visit, appointment in self.appointments:
            appointment.visit_id = visit.pk
        booked = [visit.arrived_at - dt.timedelta(hours=20) for visit, _a in self.appointments]
        self._write(Appointment, [a for _v, a in self.appointments], booked)

    def _tell(self, crowd: Crowd) -> None:
        owners = {c.pk: self.actors[crowd.lives[n].owner] for n, c in crowd.customers.items()}
        for row in self.follow_ups:
            self.journal.add(row.at, "follow_up.added", "follow-ups", row.pk, row.customer_id, owners[row.customer_id],
                             method=row.method, effective=row.effective)  # fmt: skip
        for visit in self.visits:
            self.journal.add(visit.arrived_at, "visit.registered", "visits", visit.pk, visit.customer_id,
                             owners[visit.customer_id], seq=visit.seq, consultant=visit.consultant_id)  # fmt: skip
        for visit, tour in self.tours:
            place = tour.place or self.stock.units[tour.unit_id].label
            self.journal.add(tour.started_at, "tour.added", "tours", tour.pk, visit.customer_id,
                             owners[visit.customer_id], visit=visit.pk, place=place)  # fmt: skip

    def _plans(self, crowd: Crowd) -> None:
        """The next contact that is agreed, with its to-do, for customers who are still courted."""
        tasks, rows = [], []
        by_id = {c.pk: c for c in crowd.customers.values()}
        for customer_id, (life, row) in self.last.items():
            customer = by_id[customer_id]
            if customer.state != "active" or customer.owner_id is None or life.buys_at or row.next_at is None:
                continue
            if row.next_at < self.office.now - dt.timedelta(days=STALE_DAYS):
                continue  # nobody thinks of it any more
            rows.append((customer_id, row.next_at))
            if life.comings and life.comings[-1].at > row.at:
                continue
            tasks.append((row.at, Row(
                assignee_id=customer.owner_id, code="follow_up_due", resource="customers",
                record_id=customer_id, due_at=row.next_at, params={"name": customer.name}, period_key=f"f{row.pk}",
            )))  # fmt: skip
        self._write(Task, [task for _at, task in tasks], [at for at, _t in tasks])
        update("crm_customer", (("id", "bigint"), ("next_follow_at", "timestamptz")), rows, self.project.pk)
