"""Each report's answer as figures, charts and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.crm.dictionaries import word
from anchang.insight.blocks import Blocks, Chart, Figure, Table
from anchang.insight.rules import STAGES
from anchang.platform.ui.components import Column, Series

Answer = Mapping[str, Any]

STAGE_WORDS = {
    "leads": _("Leads"), "valid": _("Valid leads"), "visited": _("Visited"), "subscribed": _("Subscribed"),
    "signed": _("Signed"),
}  # fmt: skip
RATE_WORDS = {
    "valid_rate": _("Valid ÷ leads"), "visited_rate": _("Visited ÷ valid"),
    "subscribed_rate": _("Subscribed ÷ visited"), "signed_rate": _("Signed ÷ subscribed"),
    "total_rate": _("Signed ÷ leads"),
}  # fmt: skip
UNIT_STATES = {
    "unreleased": _("Unreleased"), "controlled": _("Held back"), "available": _("Available"), "held": _("Held"),
    "subscribed": _("Subscribed"), "signed": _("Signed"), "delivered": _("Delivered"),
    "retained": _("Retained by the developer"),
}  # fmt: skip
BOARD_WORDS = {
    "amount": _("Net signed amount"), "units": _("Net signed units"), "collection": _("Collection"),
    "new_customers": _("New customers"),
}  # fmt: skip
WAY_WORDS = {
    "cash": _("Cash"), "pos": _("POS"), "transfer": _("Bank transfer"), "mortgage": _("Mortgage payout"),
    "fund": _("Housing fund payout"), "online": _("Online payment"), "cheque": _("Cheque"),
    "transfer_in": _("Transferred in"),
}  # fmt: skip
ITEM_WORDS = {
    "deposit": _("Earnest deposit"), "first_payment": _("First payment"), "house_price": _("House price"),
    "lump_sum": _("House price in one sum"), "instalment": _("Instalment"), "balance": _("Balance"),
    "bank_loan": _("Bank loan payout"), "fund_loan": _("Housing fund payout"), "unallocated": _("Not allocated"),
    "refunds": _("Refunds"),
}  # fmt: skip
BUCKET_WORDS = {"not_due": _("Not due yet")}


def text(key: str, label: Any, main: bool = False) -> Column:
    return Column(key, label, main=main)


def number(key: str, label: Any, kind: str = "integer") -> Column:
    return Column(key, label, kind)


def named(value: Any) -> str:
    """A reference's label; a dash word where nobody is named."""
    return str(value["label"]) if value else str(_("Not named"))


def floats(values: Iterable[Any]) -> list[float]:
    return [float(v or 0) for v in values]


def days_word(bucket: str) -> Any:
    return BUCKET_WORDS.get(bucket) or str(_("%(span)s days") % {"span": bucket})


# --- sales ---------------------------------------------------------------------------------------

_SALES_LINES = (
    (_("Leads"), "leads", "integer"), (_("New customers"), "new_customers", "integer"),
    (_("Follow-ups"), "follow_ups", "integer"),
    (_("Calls"), "calls", "integer"), (_("First calls"), "first_calls", "integer"),
    (_("Visits"), "visits", "integer"), (_("First visits"), "first_visits", "integer"),
    (_("Repeat visits"), "repeat_visits", "integer"), (_("Share of repeat visits"), "repeat_rate", "percent"),
    (_("Subscribed: new units"), "subscriptions.new.units", "integer"),
    (_("Subscribed: cancelled units"), "subscriptions.cancelled.units", "integer"),
    (_("Subscribed: net units"), "subscriptions.net.units", "integer"),
    (_("Subscribed: net area (㎡)"), "subscriptions.net.area", "area"),
    (_("Subscribed: net amount (yuan)"), "subscriptions.net.amount", "money"),
    (_("Signed: new units"), "signing.new.units", "integer"),
    (_("Signed: cancelled units"), "signing.cancelled.units", "integer"),
    (_("Signed: exchange and price changes (yuan)"), "signing.changes.amount", "money"),
    (_("Signed: net units"), "signing.net.units", "integer"),
    (_("Signed: net area (㎡)"), "signing.net.area", "area"),
    (_("Signed: net amount (yuan)"), "signing.net.amount", "money"),
    (_("Average price (yuan/㎡)"), "signing.net.average_price", "money"),
    (_("Received (yuan)"), "collection.received", "money"), (_("Refunded (yuan)"), "collection.refunded", "money"),
    (_("Collection (yuan)"), "collection.net", "money"),
)  # fmt: skip
_BY_COLUMNS = (
    number("leads", _("Leads")), number("calls", _("Calls")), number("visits", _("Visits")),
    number("first_visits", _("First visits")), number("repeat_visits", _("Repeat visits")),
    number("subscribed", _("Net subscribed units")), number("signed", _("Net signed units")),
    number("signed_amount", _("Net signed amount"), "money"), number("collection", _("Collection"), "money"),
)  # fmt: skip


def at(answer: Mapping[str, Any], path: str) -> Any:
    found: Any = answer
    for part in path.split("."):
        found = found[part]
    return found


def sales(answer: Answer) -> Blocks:
    period, month, year = answer, answer["to_date"]["month"], answer["to_date"]["year"]
    lines = [
        {"line": label, "period": _shown(period, path, kind), "month": _shown(month, path, kind),
         "year": _shown(year, path, kind)}
        for label, path, kind in _SALES_LINES
    ]  # fmt: skip
    called = answer["call_to_visit"]
    channels = answer["by_channel"]
    return Blocks(
        figures=[
            Figure(_("Visits"), answer["visits"], drill="visits"),
            Figure(_("Net subscribed"), at(answer, "subscriptions.net.units"), unit=_("units"), drill="subscriptions.new"),
            Figure(_("Net signed"), at(answer, "signing.net.units"), unit=_("units"), drill="signing.new"),
            Figure(_("Net signed amount"), at(answer, "signing.net.amount"), "wan", _("10k yuan"), drill="signing.new"),
            Figure(_("Collection"), at(answer, "collection.net"), "wan", _("10k yuan"), drill="collection.received"),
            Figure(_("Callers who came"), called["rate"], "percent",
                   note=_("%(came)s of %(callers)s") % {"came": called["came"], "callers": called["callers"]}),
            *_attained(answer["attainment"]),
        ],
        charts=[
            Chart("bar", _("Leads, calls and visits by channel"), [named(r["channel"]) for r in channels], [
                Series(_("Leads"), [r["leads"] for r in channels]), Series(_("Calls"), [r["calls"] for r in channels]),
                Series(_("Visits"), [r["visits"] for r in channels]),
            ]),
        ] if channels else [],
        tables=[
            Table(_("Figures"), [text("line", _("Figure"), True), text("period", _("Period")),
                                 text("month", _("Month to date")), text("year", _("Year to date"))], lines),
            _by_table(_("By channel"), "channel", _("Channel"), channels),
            _by_table(_("By person"), "person", _("Person"), answer["by_person"]),
        ],
    )  # fmt: skip


def _attained(attainment: Mapping[str, Any] | None) -> list[Figure]:
    if not attainment:
        return []
    found = []
    if attainment["units_rate"]:
        found.append(Figure(_("Attainment (units)"), attainment["units_rate"], "percent"))
    if attainment["amount_rate"]:
        found.append(Figure(_("Attainment (amount)"), attainment["amount_rate"], "percent"))
    return found


def _shown(answer: Mapping[str, Any], path: str, kind: str) -> str:
    from anchang.platform.ui import formats

    value = at(answer, path)
    if kind == "percent":
        return formats.percent(value)
    return formats.number(value, 0 if kind == "integer" else 2)


def _by_table(title: Any, key: str, label: Any, rows: Iterable[Mapping[str, Any]]) -> Table:
    shown = [
        {
            key: named(r[key]), "leads": r["leads"], "calls": r["calls"], "visits": r["visits"],
            "first_visits": r["first_visits"], "repeat_visits": r["repeat_visits"],
            "subscribed": at(r, "subscriptions.net.units"), "signed": at(r, "signing.net.units"),
            "signed_amount": at(r, "signing.net.amount"), "collection": at(r, "collection.net"),
        }
        for r in rows
    ]  # fmt: skip
    return Table(title, [text(key, label, True), *_BY_COLUMNS], shown, tuple(c.key for c in _BY_COLUMNS))


# --- funnel --------------------------------------------------------------------------------------


def funnel(answer: Answer) -> Blocks:
    stages = [number(s, STAGE_WORDS[s]) for s in STAGES]
    rates = [number(r, word, "percent") for r, word in RATE_WORDS.items()]
    cycle = [number("median", _("Median days"), "number"), number("mean", _("Mean days"), "number")]
    parts = [(_("Period"), answer)]
    if "compare" in answer:
        parts.append((_("Compared with"), answer["compare"]))
    rows = [
        {"what": f"{word} {part.get('from', '')} – {part.get('to', '')}", **part["stages"], **part["rates"], **part["cycle"]}
        for word, part in parts
    ]  # fmt: skip
    tables = [Table(_("Funnel"), [text("what", _("Period"), True), *stages, *rates, *cycle], rows)]
    for word, part in parts:
        if part.get("groups"):
            shown = [
                {"what": named(g["key"]), **g["stages"], **g["rates"], **g["cycle"],
                 **{f"{s}_share": g["shares"].get(s) for s in STAGES}}
                for g in part["groups"]
            ]  # fmt: skip
            share = [number(f"{s}_share", _("Share: %(stage)s") % {"stage": STAGE_WORDS[s]}, "percent") for s in STAGES]
            tables.append(Table(word, [text("what", _("Group"), True), *stages, *rates, *cycle, *share], shown))
    if answer["basis"] == "period" and any(answer["walk_ins"].values()):
        tables.append(
            Table(_("Walk-ins who never were a lead"), [number(s, STAGE_WORDS[s]) for s in STAGES[2:]], [answer["walk_ins"]])
        )
    return Blocks(_funnel_figures(answer), _funnel_charts(answer), tables)


def _funnel_figures(answer: Answer) -> list[Figure]:
    figures = [Figure(word, answer["rates"][name], "percent") for name, word in RATE_WORDS.items()]
    return [
        *figures,
        Figure(_("Median days to sign"), answer["cycle"]["median"], "number"),
        Figure(_("Mean days to sign"), answer["cycle"]["mean"], "number"),
    ]


def _funnel_charts(answer: Answer) -> list[Chart]:
    words = [STAGE_WORDS[s] for s in STAGES]
    charts = [Chart("funnel", _("Funnel"), words, [Series(_("Customers"), [answer["stages"][s] for s in STAGES])])]
    if answer.get("groups"):
        top = answer["groups"][:6]
        charts.append(
            Chart("bar", _("Side by side"), words,
                  [Series(named(g["key"]), [g["stages"][s] for s in STAGES]) for g in top])
        )  # fmt: skip
    elif "compare" in answer:
        charts.append(
            Chart("bar", _("Side by side"), words, [
                Series(_("Period"), [answer["stages"][s] for s in STAGES]),
                Series(_("Compared with"), [answer["compare"]["stages"][s] for s in STAGES]),
            ])
        )  # fmt: skip
    return charts


def personal(answer: Answer) -> Blocks:
    mine, team = answer["mine"], answer["team"]
    rows = [
        *({"line": STAGE_WORDS[s], "mine": mine["stages"][s], "team": team["average"][s]} for s in STAGES),
        *({"line": word, "mine": _percent(mine["rates"][r]), "team": _percent(team["rates"][r])}
          for r, word in RATE_WORDS.items()),
        {"line": _("Median days to sign"), "mine": mine["cycle"]["median"], "team": team["cycle"]["median"]},
        {"line": _("Mean days to sign"), "mine": mine["cycle"]["mean"], "team": team["cycle"]["mean"]},
    ]  # fmt: skip
    return Blocks(
        [Figure(word, mine["rates"][r], "percent",
                note=_("Team: %(rate)s") % {"rate": _percent(team["rates"][r])}) for r, word in RATE_WORDS.items()],
        [Chart("bar", _("Mine and the team's mean"), [STAGE_WORDS[s] for s in STAGES], [
            Series(named(answer["person"]), [mine["stages"][s] for s in STAGES]),
            Series(_("Team average"), floats(team["average"][s] for s in STAGES))])],
        [Table(_("Figures"), [text("line", _("Figure"), True), text("mine", named(answer["person"])),
                              text("team", _("Team average"))], rows)],
    )  # fmt: skip


def _percent(value: Any) -> str:
    from anchang.platform.ui import formats

    return formats.percent(value)


# --- people --------------------------------------------------------------------------------------


def ranking(answer: Answer) -> Blocks:
    figures, charts, tables = [], [], []
    for name, word in BOARD_WORDS.items():
        kind = "money" if name in ("amount", "collection") else "integer"
        rows = answer["boards"][name]
        mine = answer["mine"][name]
        if mine:
            figures.append(Figure(word, mine["value"], "wan" if kind == "money" else kind,
                                  _("10k yuan") if kind == "money" else "",
                                  _("Place %(rank)s") % {"rank": mine["rank"]}, name))  # fmt: skip
        charts.append(
            Chart("bar", word, [r["user"]["label"] for r in rows[:10]], [Series(word, floats(r["value"] for r in rows[:10]))],
                  _("yuan") if kind == "money" else "", horizontal=True)
        )  # fmt: skip
        shown = [{"rank": r["rank"], "user": r["user"]["label"], "team": named(r["team"]), "value": r["value"]} for r in rows]
        columns = [text("user", _("Person"), True), number("rank", _("Place")), text("team", _("Team")), number("value", word, kind)]
        tables.append(Table(word, columns, shown, ("value",)))
    return Blocks(figures, charts, tables)


def process(answer: Answer) -> Blocks:
    rows = [r | {"user": r["user"]["label"], "team": named(r["team"])} for r in answer["rows"]]
    columns = [
        text("user", _("Person"), True), text("team", _("Team")), number("follow_ups", _("Follow-ups")),
        number("per_day", _("Per day"), "number"), number("per_week", _("Per week"), "number"),
        number("customers_followed", _("Customers followed")), number("per_customer", _("Per customer"), "number"),
        number("new_customers", _("New customers")), number("visits", _("Visits")),
        number("a_customers", _("A customers now")), number("b_customers", _("B customers now")),
    ]  # fmt: skip
    sums = ("follow_ups", "new_customers", "visits", "a_customers", "b_customers")
    chart = Chart("bar", _("Follow-ups and new customers"), [r["user"] for r in rows], [
        Series(_("Follow-ups"), [r["follow_ups"] for r in rows]), Series(_("New customers"), [r["new_customers"] for r in rows]),
    ])  # fmt: skip
    return Blocks((), [chart] if rows else [], [Table(_("By person"), columns, rows, sums)])


# --- stock and money -----------------------------------------------------------------------------


def units(answer: Answer) -> Blocks:
    totals = answer["totals"]
    measures = [number("units", _("Units")), number("area", _("Area (㎡)"), "area"), number("amount", _("List total (yuan)"), "money")]
    rows = [
        {"project": one["project"]["label"], "building": named(r["building"]), "layout": named(r["layout"]),
         "state": UNIT_STATES.get(r["state"], r["state"]), "units": r["units"], "area": r["area"], "amount": r["amount"]}
        for one in answer["by_project"] for r in one["rows"]
    ]  # fmt: skip
    sums = ("units", "area", "amount")
    states = [UNIT_STATES.get(t["state"], t["state"]) for t in totals]
    return Blocks(
        [
            Figure(_("Sold"), answer["sold"], unit=_("units")), Figure(_("Sold ÷ all but retained"), answer["sold_rate"], "percent"),
            Figure(_("Value of the stock"), answer["stock_value"], "wan", _("10k yuan")),
        ],
        [Chart("pie", _("Units by state"), states,
               [Series(_("Units"), [t["units"] for t in totals], states=[t["state"] for t in totals])])] if totals else [],
        [
            Table(_("By state"), [text("state", _("State"), True), *measures],
                  [t | {"state": UNIT_STATES.get(t["state"], t["state"])} for t in totals], sums),
            Table(_("By building and layout"), [text("building", _("Building"), True), text("project", _("Project")),
                  text("layout", _("Layout")), text("state", _("State")), *measures], rows, sums),
        ],
    )  # fmt: skip


def collection(answer: Answer) -> Blocks:
    words = {"way": WAY_WORDS, "item": ITEM_WORDS}.get(answer["group"], {})

    def group_word(key: Any) -> Any:
        return named(key) if key is None or isinstance(key, Mapping) else words.get(key, key)

    rows = [{**r, "key": group_word(r["key"])} for r in answer["rows"]]
    columns = [
        text("key", _("Group"), True), number("received", _("Received (yuan)"), "money"),
        number("refunded", _("Refunded (yuan)"), "money"), number("net", _("Collection (yuan)"), "money"),
        number("receipts", _("Receipts")),
    ]  # fmt: skip
    return Blocks(
        [
            Figure(_("Received"), answer["received"], "wan", _("10k yuan"), drill="received"),
            Figure(_("Refunded"), answer["refunded"], "wan", _("10k yuan"), drill="refunded"),
            Figure(_("Collection"), answer["net"], "wan", _("10k yuan")), Figure(_("Receipts"), answer["receipts"]),
        ],
        [Chart("bar", _("Collection"), [r["key"] for r in rows], [Series(_("Collection"), floats(r["net"] for r in rows))],
               _("yuan"))] if rows else [],
        [Table(_("Collection"), columns, rows, ("received", "refunded", "net", "receipts"))],
    )  # fmt: skip


def collection_rate(answer: Answer) -> Blocks:
    measures = [
        number("lines", _("Lines due")), number("due", _("Due (yuan)"), "money"),
        number("collected", _("Collected (yuan)"), "money"), number("rate", _("Collection rate"), "percent"),
    ]  # fmt: skip
    sums = ("lines", "due", "collected")
    months = answer["by_month"]
    return Blocks(
        [Figure(_("Collection rate"), answer["rate"], "percent"),
         Figure(_("Due"), answer["due"], "wan", _("10k yuan"), drill="due"),
         Figure(_("Collected"), answer["collected"], "wan", _("10k yuan"))],
        [Chart("bar", _("Due and collected by month"), [m["month"] for m in months],
               [Series(_("Due"), floats(m["due"] for m in months)), Series(_("Collected"), floats(m["collected"] for m in months))],
               _("yuan"))] if months else [],
        [
            Table(_("By month"), [text("month", _("Month"), True), *measures], months, sums),
            Table(_("By person"), [text("person", _("Person"), True), *measures],
                  [r | {"person": named(r["person"])} for r in answer["by_person"]], sums),
            Table(_("By project"), [text("project", _("Project"), True), *measures],
                  [r | {"project": named(r["project"])} for r in answer["by_project"]], sums),
        ],
    )  # fmt: skip


def unsigned(answer: Answer) -> Blocks:
    buckets = [b | {"bucket": days_word(b["bucket"])} for b in answer["buckets"]]
    rows = [r | {"person": named(r["person"]), "bucket": days_word(r["bucket"])} for r in answer["rows"]]
    return Blocks(
        [Figure(_("Subscribed, not signed"), answer["count"], drill="count"),
         Figure(_("Amount"), answer["amount"], "wan", _("10k yuan"))],
        [Chart("bar", _("By overdue days"), [b["bucket"] for b in buckets], [Series(_("Subscriptions"), [b["count"] for b in buckets])])],
        [
            Table(_("By overdue days"), [text("bucket", _("Overdue"), True), number("count", _("Subscriptions")),
                                         number("amount", _("Amount"), "money")], buckets, ("count", "amount")),
            Table(_("Subscriptions"), [
                text("number", _("Number"), True), text("unit", _("Unit")), text("customer", _("Customer")),
                number("total", _("Total"), "money"), Column("sign_by", _("Sign by"), "date"),
                number("overdue_days", _("Overdue days")), text("person", _("Consultant"))], rows, ("total",)),
        ],
    )  # fmt: skip


def overdue(answer: Answer) -> Blocks:
    buckets = [b | {"bucket": days_word(b["bucket"])} for b in answer["buckets"]]
    coming = answer["due_this_month"]
    return Blocks(
        [Figure(_("Overdue"), answer["overdue"], "wan", _("10k yuan"), drill="overdue"),
         Figure(_("Overdue rate"), answer["overdue_rate"], "percent"),
         Figure(_("Due until the end of the month"), coming["amount"], "wan", _("10k yuan"),
                _("%(lines)s lines") % {"lines": coming["lines"]})],
        [Chart("bar", _("Overdue by age"), [b["bucket"] for b in buckets], [Series(_("Amount"), floats(b["amount"] for b in buckets))], _("yuan"))],
        [Table(_("Overdue by age"), [text("bucket", _("Overdue"), True), number("lines", _("Lines")),
                                     number("amount", _("Amount"), "money")], buckets, ("lines", "amount"))],
    )  # fmt: skip


def feedback(answer: Answer) -> Blocks:
    rows = [r | {"question": word(r["question"]), "answer": word(r["answer"])} for r in answer["rows"]]
    columns = [text("question", _("Question"), True), text("answer", _("Answer")), number("count", _("Count")),
               number("share", _("Share"), "percent")]  # fmt: skip
    chart = Chart("bar", _("Answers"), [f"{r['question']}: {r['answer']}" for r in rows],
                  [Series(_("Count"), [r["count"] for r in rows])], horizontal=True)  # fmt: skip
    return Blocks((), [chart] if rows else [], [Table(_("Answers"), columns, rows)])
