"""How leads come in: one set-based way for the form, the API and files."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F

from anchang.crm.commands.lead_assignment import Assigner, contact_due, grade_dues
from anchang.crm.commands.numbers import Holder, holders
from anchang.crm.models import Channel, Customer, Lead, LeadPhone, LeadState, LeadTransfer, Touch
from anchang.crm.queries.people import names_of, teams_of
from anchang.kernel.phone import mask, tail4
from anchang.platform import bulk, personal, statements
from anchang.platform.context import Context
from anchang.platform.models import User


@dataclass(slots=True)
class Coded:
    """What is computed of an enquiry's phones and name alone."""

    digests: list[str]
    cipher: bytes
    masked: str
    tail: str
    tokens: str


@dataclass(slots=True)
class Enquiry:
    """One enquiry as it came in. `numbers`: phones in normal form, main one first, never empty.

    `coded` may be given: an import computes it ahead, while the database writes the batch before.
    """

    numbers: list[str]
    name: str = ""
    channel: Channel | None = None
    campaign: str = ""
    external_id: str = ""
    captured_at: dt.datetime | None = None
    sex: str = ""
    city: str = ""
    region: str = ""
    customer_type: str = "ordinary"
    score: int | None = None
    need: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    owner_id: int | None = None  # named by whoever may assign; else rules decide
    coded: Coded | None = None

    @property
    def key(self) -> str:
        """Names this enquiry among those of its lead: the same row of a file again has the same key."""
        if self.external_id:
            return f"x:{self.external_id}"[:130]
        at = self.captured_at.astimezone(dt.UTC).isoformat() if self.captured_at else ""
        return f"t:{at}|{self.campaign}"[:130]


def coded(numbers: Sequence[str], name: str) -> Coded:
    """Reads and writes nothing."""
    digests = [personal.digest(n) for n in numbers]
    tokens = [*bulk.name_tokens(name)]
    for number, digest in zip(numbers, digests, strict=True):
        tokens += ["#" + tail4(number), "=" + digest]
    main = numbers[0]
    return Coded(digests, personal.encrypt(main), mask(main), tail4(main), bulk.tokens_text(tokens))


@dataclass(slots=True)
class Taken:
    """What became of an enquiry: a lead was `created`, `touched` (asked again) or `unchanged` (known row)."""

    lead_id: int
    outcome: str


@dataclass(slots=True)
class _New:
    """A lead to be written."""

    enquiry: Enquiry
    coded: Coded
    customer: Holder | None
    id: int = 0
    rule_id: int | None = None
    owner_id: int | None = None


@dataclass(slots=True)
class _Known:
    """A lead that has one of the phones already."""

    id: int
    key: str
    state: str
    owner_id: int | None
    keys: set[str] = field(default_factory=set)


def take_in(ctx: Context, enquiries: Sequence[Enquiry], import_job_id: int | None = None) -> list[Taken]:
    """Write new leads with owner, trace, to-do and search tokens; repeat enquiries become touches.

    A phone is one lead; a customer's lead goes to the customer's owner, any other one by rule. The same
    enquiry again changes nothing. Additions to a project run one after the other.
    """
    assigner = Assigner(ctx)
    codes = [e.coded or coded(e.numbers, e.name) for e in enquiries]
    flat = list({d for code in codes for d in code.digests})
    known = _known_leads(ctx, flat)
    customers = holders(ctx, flat)
    fresh: dict[str, _New] = {}
    news: list[_New] = []
    repeats: list[tuple[int, Enquiry, _Known | _New]] = []
    hits: list[_Known | _New] = []
    for at, (enquiry, code) in enumerate(zip(enquiries, codes, strict=True)):
        own = code.digests
        hit: _Known | _New | None = next((known[d] for d in own if d in known), None)
        hit = hit or next((fresh[d] for d in own if d in fresh), None)
        if hit is None:
            hit = _New(enquiry, code, next((customers[d] for d in own if d in customers), None))
            news.append(hit)
            fresh.update((d, hit) for d in own)
        else:
            repeats.append((at, enquiry, hit))
        hits.append(hit)
    _assign(ctx, assigner, news)
    _write(ctx, news, import_job_id)
    outcomes = _write_touches(ctx, repeats, import_job_id)
    assigner.save()
    return [Taken(hit.id, outcomes.get(at, "created")) for at, hit in enumerate(hits)]


def _known_leads(ctx: Context, digests: list[str]) -> dict[str, _Known]:
    """digest -> the lead outside the recycle bin that has the phone, main or further."""
    columns = ("id", "enquiry_key", "state", "owner_id")
    rows = Lead.objects.filter(project=ctx.here, phone_digest__any_of=digests).values_list(
        "phone_digest", *columns
    )
    found = {digest: _Known(*rest) for digest, *rest in rows}
    further = LeadPhone.objects.filter(project=ctx.here, digest__any_of=digests, lead__deleted_at__isnull=True)
    for digest, *rest in further.values_list("digest", *(f"lead__{c}" for c in columns)):
        found.setdefault(digest, _Known(*rest))
    return found


def leads_with(ctx: Context, digests: Sequence[str]) -> set[int]:
    """The leads outside the recycle bin that have one of these phones, main or further."""
    return {lead.id for lead in _known_leads(ctx, list(digests)).values()}


def _assign(ctx: Context, assigner: Assigner, news: list[_New]) -> None:
    """Named owner, else the customer's, else by rule. Who may not assign names only himself, and not over the head
    of the customer's consultant."""
    assigns = ctx.access.may("leads.assign", ctx.here.pk)
    owners = {n.customer.owner_id for n in news if n.customer and n.customer.owner_id}
    active = (
        set(User.objects.filter(pk__in=owners, is_active=True).values_list("pk", flat=True))
        if owners
        else set()
    )
    for new in news:
        kept = new.customer is not None and new.customer.owner_id in active and not assigns
        if new.enquiry.owner_id and not kept:
            new.owner_id = new.enquiry.owner_id
        elif new.customer and new.customer.owner_id in active:
            new.owner_id = new.customer.owner_id
        else:
            new.rule_id, new.owner_id = assigner.choose(new.enquiry)


def _write(ctx: Context, news: list[_New], import_job_id: int | None) -> None:
    if not news:
        return
    teams = teams_of(ctx, {n.owner_id for n in news})
    due = _dues(ctx, news)
    names = names_of({n.owner_id for n in news if n.owner_id})
    for new, lead_id in zip(news, bulk.reserve_ids(Lead, len(news)), strict=True):
        new.id = lead_id
    with statements.together():  # the database writes one table while the next one's rows are put together
        _insert(ctx, news, teams, due, import_job_id)
        _tell(ctx, news, due, names)


def _dues(ctx: Context, news: list[_New]) -> list[dt.datetime]:
    """Until when each must be contacted first; the grade of a known customer may shorten it."""
    usual, by_grade = contact_due(ctx), grade_dues(ctx)
    ids = {n.customer.customer_id for n in news if n.customer} if by_grade else set()
    if not ids:
        return [usual] * len(news)
    grades = dict(Customer.objects.filter(project=ctx.here, pk__any_of=list(ids)).values_list("pk", "grade"))
    return [by_grade.get(grades.get(n.customer.customer_id, ""), usual) if n.customer else usual for n in news]


def _insert(
    ctx: Context, news: list[_New], teams: dict[int, int], due: Sequence[dt.datetime], import_job_id: int | None
) -> None:
    bulk.insert(
        Lead,
        _lead_columns(ctx, news, teams, due),
        {
            "project_id": ctx.here.pk,
            "created_by_id": ctx.user_id,
            "import_job_id": import_job_id,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    further = [
        (n.id, number, digest)
        for n in news
        for number, digest in zip(n.enquiry.numbers[1:], n.coded.digests[1:], strict=True)
    ]
    if further:
        bulk.insert(
            LeadPhone,
            {
                "lead_id": [i for i, _n, _d in further],
                "digest": [d for _i, _n, d in further],
                "cipher": [personal.encrypt(n) for _i, n, _d in further],
                "masked": [mask(n) for _i, n, _d in further],
            },
            {"project_id": ctx.here.pk},
            ignore_conflicts=True,
        )
    bulk.insert(
        LeadTransfer,
        {
            "lead_id": [n.id for n in news],
            "kind": ["assigned" if n.owner_id else "pooled" for n in news],
            "to_owner_id": [n.owner_id for n in news],
            "rule_id": [n.rule_id for n in news],
            "to_state": ["assigned" if n.owner_id else "pool" for n in news],
        },
        {"project_id": ctx.here.pk, "at": ctx.now, "actor_id": ctx.user_id, "from_state": "new"},
    )
    bulk.add_token_texts(ctx.here.pk, "leads", {n.id: n.coded.tokens for n in news})


def _lead_columns(
    ctx: Context, news: list[_New], teams: dict[int, int], due: Sequence[dt.datetime]
) -> dict[str, list[Any]]:
    each = [n.enquiry for n in news]
    owned = [n.owner_id is not None for n in news]
    at = [e.captured_at or ctx.now for e in each]
    zone = ctx.zone
    return {
        "id": [n.id for n in news],
        "name": [e.name[:50] for e in each],
        "sex": [e.sex for e in each],
        "phone_cipher": [n.coded.cipher for n in news],
        "phone_digest": [n.coded.digests[0] for n in news],
        "phone_masked": [n.coded.masked for n in news],
        "phone_tail": [n.coded.tail for n in news],
        "channel_id": [e.channel.pk if e.channel else None for e in each],
        "campaign": [e.campaign[:100] for e in each],
        "external_id": [e.external_id[:100] for e in each],
        "enquiry_key": [e.key for e in each],
        "captured_at": at,
        "business_date": [moment.astimezone(zone).date() for moment in at],
        "city": [e.city[:50] for e in each],
        "region": [e.region[:50] for e in each],
        "customer_type": [e.customer_type for e in each],
        "score": [e.score for e in each],
        "need": [e.need for e in each],
        "note": [e.note for e in each],
        "owner_id": [n.owner_id for n in news],
        "team_id": [teams.get(n.owner_id) if n.owner_id else None for n in news],
        "state": [LeadState.ASSIGNED.value if o else LeadState.POOL.value for o in owned],
        "rule_id": [n.rule_id for n in news],
        "assigned_at": [ctx.now if o else None for o in owned],
        "first_contact_due_at": [at if o else None for at, o in zip(due, owned, strict=True)],
        "pool_since": [None if o else ctx.now for o in owned],
        "customer_id": [n.customer.customer_id if n.customer else None for n in news],
    }


def _tell(ctx: Context, news: list[_New], due: Sequence[dt.datetime], names: dict[int | None, str]) -> None:
    """Events, to-dos and one notice per assignee."""
    customers = [n.customer.customer_id if n.customer else None for n in news]
    bulk.add_events(
        ctx,
        "lead.created",
        "leads",
        [n.id for n in news],
        [{"owner": n.owner_id, "channel": n.enquiry.channel.pk if n.enquiry.channel else None} for n in news],
        customers,
    )
    owned = [n for n in news if n.owner_id]
    if owned:
        bulk.add_events(
            ctx,
            "lead.assigned",
            "leads",
            [n.id for n in owned],
            [{"to": names.get(n.owner_id, ""), "owner": n.owner_id, "rule": n.rule_id} for n in owned],
            [n.customer.customer_id if n.customer else None for n in owned],
        )
        bulk.add_tasks(
            ctx,
            "lead_first_contact",
            "leads",
            [n.id for n in owned],
            [n.owner_id or 0 for n in owned],
            [at for n, at in zip(news, due, strict=True) if n.owner_id],
            [{"name": n.enquiry.name or n.coded.masked} for n in owned],
            ctx.now.isoformat(),
        )
    by_owner: dict[int, list[_New]] = {}
    for new in owned:
        by_owner.setdefault(new.owner_id or 0, []).append(new)
    for owner_id, mine in by_owner.items():
        if len(mine) == 1:
            name = mine[0].enquiry.name or mine[0].coded.masked
            ctx.notify([owner_id], "lead_assigned", Lead(pk=mine[0].id), name=name)
        else:
            ctx.notify([owner_id], "leads_assigned", count=len(mine))


# --- repeat enquiries ----------------------------------------------------------------------------


def _write_touches(
    ctx: Context, repeats: Sequence[tuple[int, Enquiry, _Known | _New]], import_job_id: int | None
) -> dict[int, str]:
    """Keep each enquiry that isn't known yet. row -> touched | unchanged."""
    _read_keys(ctx, [hit for _at, _e, hit in repeats if isinstance(hit, _Known)])
    seen: dict[int, set[str]] = {}
    fresh: list[tuple[int, Enquiry]] = []
    outcomes: dict[int, str] = {}
    hit_by_id: dict[int, _Known | _New] = {}
    for at, enquiry, hit in repeats:
        own = seen.setdefault(hit.id, {hit.key, *hit.keys} if isinstance(hit, _Known) else {hit.enquiry.key})
        outcomes[at] = "unchanged" if enquiry.key in own else "touched"
        if enquiry.key not in own:
            own.add(enquiry.key)
            fresh.append((hit.id, enquiry))
            hit_by_id[hit.id] = hit
    if fresh:
        _insert_touches(ctx, fresh, import_job_id)
        _after_touches(ctx, [h for h in hit_by_id.values() if isinstance(h, _Known)])
    return outcomes


def _read_keys(ctx: Context, known: Iterable[_Known]) -> None:
    by_id: dict[int, list[_Known]] = {}
    for lead in known:
        by_id.setdefault(lead.id, []).append(lead)
    if not by_id:
        return
    rows = Touch.objects.filter(project=ctx.here, lead_id__any_of=list(by_id)).values_list("lead_id", "key")
    for lead_id, key in rows:
        for lead in by_id[lead_id]:
            lead.keys.add(key)


def _insert_touches(ctx: Context, fresh: list[tuple[int, Enquiry]], import_job_id: int | None) -> None:
    at = [e.captured_at or ctx.now for _i, e in fresh]
    bulk.insert(
        Touch,
        {
            "lead_id": [i for i, _e in fresh],
            "channel_id": [e.channel.pk if e.channel else None for _i, e in fresh],
            "campaign": [e.campaign[:100] for _i, e in fresh],
            "external_id": [e.external_id[:100] for _i, e in fresh],
            "key": [e.key for _i, e in fresh],
            "captured_at": at,
            "business_date": [moment.astimezone(ctx.zone).date() for moment in at],
            "note": [e.note for _i, e in fresh],
        },
        {"project_id": ctx.here.pk, "import_job_id": import_job_id},
    )
    counts = Counter(i for i, _e in fresh)
    bulk.run(
        "UPDATE crm_lead SET touch_count = touch_count + u.n, last_touch_at = %s, updated_at = %s"
        " FROM unnest(%s::bigint[], %s::int[]) AS u(id, n)"
        " WHERE crm_lead.project_id = %s AND crm_lead.id = u.id",
        [ctx.now, ctx.now, list(counts), list(counts.values()), ctx.here.pk],
    )


def _after_touches(ctx: Context, known: list[_Known]) -> None:
    """A lost lead that asks again is open again, in the pool; owners are told."""
    bulk.add_events(ctx, "lead.touched", "leads", [k.id for k in known], [{} for _k in known])
    lost = [k for k in known if k.state == LeadState.LOST]
    if lost:
        Lead.objects.filter(project=ctx.here, pk__in=[k.id for k in lost]).update(
            state=LeadState.POOL, last_owner=F("owner"), owner=None, pool_since=ctx.now, updated_at=ctx.now
        )
        bulk.insert(
            LeadTransfer,
            {"lead_id": [k.id for k in lost], "from_owner_id": [k.owner_id for k in lost]},
            {
                "project_id": ctx.here.pk,
                "at": ctx.now,
                "actor_id": ctx.user_id,
                "kind": "state",
                "from_state": "lost",
                "to_state": "pool",
            },
        )
    owners = Counter(k.owner_id for k in known if k.owner_id and k.state != LeadState.LOST)
    for owner_id, count in owners.items():
        ctx.notify([owner_id], "leads_touched", count=count)
