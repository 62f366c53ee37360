"""A year of people at the sales office, as plain data: who asked, came, was called, bought or was lost.

Pure Python: random numbers in, moments out. `crowd` and `sales` write it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from random import Random

from anchang.config.demo.market import CHANNELS, Market
from anchang.config.demo.names import CALLS, CHATS, INVALID, LOST, REGIONS, SILENT, Names
from anchang.config.demo.people import SKILL, Office

DAYS = 365
LEADS_A_DAY = 7.2
WALK_INS_A_DAY = 0.9
#: Leads by month of the year: golden September, silver October, quiet new year.
SEASON = {1: 0.75, 2: 0.5, 3: 1.15, 4: 1.2, 5: 1.25, 6: 1.0, 7: 0.85, 8: 0.9, 9: 1.3, 10: 1.35, 11: 1.05, 12: 0.9}
#: Visits by weekday from Monday.
WEEKDAY = (0.6, 0.6, 0.7, 0.7, 0.9, 2.0, 1.9)
VISIT_RATE = 0.43
BUY_RATE = 0.205
#: The last days' deals are made by the commands themselves.
RECENT_DAYS = 6


@dataclass(slots=True)
class Call:
    """A follow-up."""

    at: dt.datetime
    method: str
    content: str
    result: str = ""
    duration: int | None = None
    grade: str = ""


@dataclass(slots=True)
class Coming:
    """A visit."""

    at: dt.datetime
    minutes: int
    people: int


@dataclass(slots=True)
class Life:
    """One person's year. Without `captured` he walked in. States are those of today."""

    name: str
    sex: str
    phone: str
    channel: str
    campaign: str
    region: str
    kind: str
    owner: str
    captured: dt.datetime | None
    first_owner: str = ""
    pooled_at: dt.datetime | None = None  # nobody called in time
    claimed_at: dt.datetime | None = None
    contacted_at: dt.datetime | None = None
    invalid: str = ""
    closed_at: dt.datetime | None = None
    calls: list[Call] = field(default_factory=list)
    comings: list[Coming] = field(default_factory=list)
    lost: str = ""
    dropped_at: dt.datetime | None = None  # the owner lost him by the grade's limit
    grade: str = "C"
    buys_at: dt.datetime | None = None
    touches: list[dt.datetime] = field(default_factory=list)

    @property
    def last_contact(self) -> dt.datetime | None:
        moments = [c.at for c in self.calls] + [c.at for c in self.comings]
        return max(moments, default=None)

    @property
    def has_file(self) -> bool:
        return bool(self.calls or self.comings)


class Storyteller:
    def __init__(self, office: Office, market: Market, released: list[dt.date], random: Random) -> None:
        self.office, self.market, self.random, self.released = office, market, random, released
        self.names = Names(random)
        self.now = office.now
        self.turn = 0
        self.channels = [c for c in CHANNELS if c != "walk_in"]
        self.weights = [CHANNELS[c][2] for c in self.channels]
        self.sellers = list(SKILL)

    def tell(self) -> list[Life]:
        """Everybody of the year, in the order of first contact."""
        found = []
        for ago in range(DAYS, -1, -1):
            day = self.office.day(ago)
            busy = SEASON[day.month] * self._launch(day)
            for _ in range(self._count(LEADS_A_DAY * busy)):
                found.append(self._lead(day))
            for _ in range(self._count(WALK_INS_A_DAY * busy * WEEKDAY[day.weekday()])):
                found.append(self._walk_in(day))
        return [life for life in found if life is not None]

    def _launch(self, day: dt.date) -> float:
        return 1.55 if any(-12 <= (day - first).days <= 18 for first in self.released) else 0.95

    def _count(self, mean: float) -> int:
        """A whole number around the mean."""
        low = int(mean)
        spread = self.random.choice((-1, 0, 0, 1)) * int(mean**0.5)
        return max(0, low + spread + (self.random.random() < mean - low))

    def _owner(self) -> str:
        self.turn += 1
        return self.sellers[self.turn % len(self.sellers)]

    def _person(self, channel: str, captured: dt.datetime | None, day: dt.date) -> Life:
        name, sex = self.names.person()
        running = [n for n, first, last in self.market.campaigns.get(channel, ()) if first <= day <= last]
        kind = self.random.choices(("ordinary", "high_end", "investor"), (86, 9, 5))[0]
        return Life(
            name, sex, self.names.phone(), channel, self.random.choice(running) if running else "",
            self.random.choice(REGIONS), kind, self._owner(), captured,
        )  # fmt: skip

    # --- beginnings -----------------------------------------------------------------------------

    def _lead(self, day: dt.date) -> Life | None:
        captured = self.office.at(day, self.random.triangular(8.3, 22.4, 14.5))
        if captured > self.now - dt.timedelta(minutes=20):
            return None
        channel = self.random.choices(self.channels, self.weights)[0]
        life = self._person(channel, captured, day)
        life.first_owner = life.owner
        start = captured
        fate = self.random.random()
        if fate < 0.055:
            claimed = self._left_alone(life, captured)
            if claimed is None:
                return life
            start = claimed
        contacted = start + dt.timedelta(hours=min(self.random.expovariate(0.28) + 0.15, 23))
        local = contacted.astimezone(self.office.zone)
        if local.hour < 8 or local.hour >= 22:
            morning = local.date() + dt.timedelta(days=local.hour >= 22)
            contacted = self.office.at(morning, self.random.uniform(8.5, 9.6))
        contacted = max(contacted, start + dt.timedelta(minutes=6))
        if contacted > self.now:
            return life
        if fate > 0.9:
            life.invalid, life.closed_at = self.random.choice(INVALID), contacted
            return life
        life.contacted_at = contacted
        if self.random.random() < 0.05:
            self._touch(life, captured)
        self._courted(life, contacted)
        return life

    def _left_alone(self, life: Life, captured: dt.datetime) -> dt.datetime | None:
        """Nobody called for a day: the pool; mostly somebody else claims it. The moment of the claim."""
        life.pooled_at = captured + dt.timedelta(hours=24, minutes=self.random.randrange(1, 10))
        if life.pooled_at > self.now:
            life.pooled_at = None
            return None
        claimed = life.pooled_at + dt.timedelta(hours=self.random.uniform(2, 60))
        if self.random.random() < 0.3 or claimed > self.now:
            return None
        life.claimed_at = claimed
        life.owner = self.random.choice([s for s in self.sellers if s != life.first_owner])
        return claimed

    def _touch(self, life: Life, captured: dt.datetime) -> None:
        again = captured + dt.timedelta(days=self.random.uniform(0.5, 20))
        if again < self.now:
            life.touches.append(again)

    def _walk_in(self, day: dt.date) -> Life | None:
        at = self._opening_hour(day)
        if at > self.now - dt.timedelta(minutes=20):
            return None
        life = self._person("walk_in" if self.random.random() < 0.75 else "referral", None, day)
        self._came(life, at)
        return life

    # --- courses --------------------------------------------------------------------------------

    def _courted(self, life: Life, contacted: dt.datetime) -> None:
        """Calls until he comes, or until it ends."""
        life.calls.append(self._call(life, contacted, answered=self.random.random() < 0.86))
        rate = VISIT_RATE * CHANNELS[life.channel][3] * (0.8 + 0.2 * SKILL[life.owner])
        if self.random.random() < rate:
            first = contacted + dt.timedelta(days=1 + self.random.expovariate(1 / 5))
            day = first.astimezone(self.office.zone).date()
            at = self._opening_hour(self._weekend(day))
            if at < self.now:
                self._calls_between(life, contacted, at, 6)
                self._came(life, at)
                return
        self._fades(life, contacted)

    def _came(self, life: Life, at: dt.datetime) -> None:
        """First visit, more visits, and a purchase or none."""
        life.comings.append(self._coming(at))
        buys = self.random.random() < BUY_RATE * SKILL[life.owner] * (1.1 if life.channel == "referral" else 1)
        times = self.random.choices((0, 1, 2, 3), (25, 45, 22, 8) if buys else (68, 24, 7, 1))[0]
        last = at
        for _ in range(times):
            day = (last + dt.timedelta(days=self.random.uniform(2, 10))).astimezone(self.office.zone).date()
            again = self._opening_hour(self._weekend(day))
            if again <= last + dt.timedelta(hours=12):
                continue
            if again > self.now:
                self._fades(life, last)
                return
            self._calls_between(life, last, again, 4)
            life.comings.append(self._coming(again))
            last = again
        if buys and last + dt.timedelta(hours=3) < self.now:
            life.buys_at, life.grade = last + dt.timedelta(minutes=self.random.randrange(70, 130)), "A"
            return
        self._fades(life, last)

    def _fades(self, life: Life, last: dt.datetime) -> None:
        """Calls go on for a while; then he is lost, kept as D, dropped by the clock, or still courted today."""
        at = last
        for _ in range(self.random.choices((0, 1, 2, 3, 4, 5), (12, 26, 26, 18, 12, 6))[0]):
            following = self._office_hour(at + dt.timedelta(days=self.random.uniform(1, 7)))
            if following >= self.now:
                break
            at = following
            life.calls.append(self._call(life, at, answered=self.random.random() < 0.8))
        age = (self.now - at).total_seconds() / 86400
        if age < 2.6:
            life.grade = self.random.choices("ABC", (16, 44, 40) if life.comings else (4, 26, 70))[0]
        elif age < 6.5:
            life.grade = self.random.choices("BC", (40, 60) if life.comings else (18, 82))[0]
        elif age < 29 and self.random.random() < 0.75:
            life.grade = "C"
        else:
            self._ends(life, at)

    def _ends(self, life: Life, at: dt.datetime) -> None:
        fate = self.random.random()
        closing = self._office_hour(at + dt.timedelta(days=self.random.uniform(0.4, 6)))
        if fate < 0.55 and closing < self.now:
            life.lost, life.closed_at = self.random.choice(LOST), closing
            life.calls.append(Call(closing - dt.timedelta(minutes=3), "phone", "客户明确表示暂不考虑", "refused", 45))
        elif fate < 0.8 or at + dt.timedelta(days=30, minutes=10) > self.now:
            life.grade = "D"
        else:
            life.dropped_at = at + dt.timedelta(days=30, minutes=self.random.randrange(10))

    # --- small things ---------------------------------------------------------------------------

    def _calls_between(self, life: Life, start: dt.datetime, end: dt.datetime, most_days: float) -> None:
        at = start
        while True:
            at = self._office_hour(at + dt.timedelta(days=self.random.uniform(1, most_days)))
            if at >= end - dt.timedelta(hours=2):
                return
            life.calls.append(self._call(life, at, answered=True))

    def _call(self, life: Life, at: dt.datetime, *, answered: bool) -> Call:
        chat = self.random.random() < 0.3
        if not answered and not chat:
            return Call(at, "phone", self.random.choice(SILENT), "no_answer", 0)
        words = self.random.choice(CHATS if chat else CALLS)
        text = words.format(budget=self.random.randrange(200, 360, 10), monthly=self.random.randrange(6500, 12500, 50))
        return Call(at, "wechat" if chat else "phone", text, "" if chat else "answered",
                    None if chat else self.random.randrange(35, 420))  # fmt: skip

    def _coming(self, at: dt.datetime) -> Coming:
        return Coming(at, self.random.randrange(35, 130), self.random.choices((1, 2, 3, 4), (20, 48, 22, 10))[0])

    def _opening_hour(self, day: dt.date) -> dt.datetime:
        return self.office.at(day, self.random.triangular(9.2, 17.8, 14.6))

    def _office_hour(self, at: dt.datetime) -> dt.datetime:
        return self.office.at(at.astimezone(self.office.zone).date(), self.random.uniform(9, 19.5))

    def _weekend(self, day: dt.date) -> dt.date:
        """Often the next Saturday or Sunday."""
        if day.weekday() < 5 and self.random.random() < 0.55:
            return day + dt.timedelta(days=5 - day.weekday() + self.random.randrange(2))
        return day
