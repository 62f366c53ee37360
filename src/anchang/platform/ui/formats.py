"""Values as people read them: separators, 元 and 万, areas, dates in the project's time zone."""

from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.utils import timezone
from django.utils.translation import gettext as _

TEN_THOUSAND = Decimal(10000)
NOTHING = "–"


def as_decimal(value: object) -> Decimal | None:
    """The number in `value`, or None where there is none."""
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def number(value: object, places: int | None = None) -> str:
    """`1234567.5` → `1,234,567.5`; `places` rounds half up to that many digits, None keeps what is there."""
    amount = as_decimal(value)
    if amount is None:
        return NOTHING if value in (None, "") else str(value)
    if places is not None:
        amount = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{amount:,f}"


def money(value: object, unit: str = "yuan") -> str:
    """Yuan with separators and cents; `unit="wan"` in ten thousands with two places (display only)."""
    amount = as_decimal(value)
    if amount is None:
        return NOTHING
    return number(amount / TEN_THOUSAND if unit == "wan" else amount, 2)


def percent(value: object, places: int = 1) -> str:
    """A ratio as percent: `0.0215` → `2.2%`."""
    amount = as_decimal(value)
    return NOTHING if amount is None else f"{number(amount * 100, places)}%"


def day(value: object) -> str:
    if isinstance(value, datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
    return value.strftime("%Y-%m-%d") if isinstance(value, date) else NOTHING if not value else str(value)


def moment(value: object) -> str:
    """Date and minute in the active time zone."""
    if not isinstance(value, datetime):
        return day(value)
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return local.strftime("%Y-%m-%d %H:%M")


def clock(value: object) -> str:
    if isinstance(value, datetime):
        value = (timezone.localtime(value) if timezone.is_aware(value) else value).time()
    return value.strftime("%H:%M") if isinstance(value, time) else NOTHING if not value else str(value)


def near(value: object, now: datetime | None = None) -> str:
    """The shortest clear form: `14:30` today, `Yesterday 14:30`, `03-01 14:30` this year, else the date."""
    if not isinstance(value, datetime):
        return day(value)
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    today = timezone.localtime(now) if now else timezone.localtime()
    days = (today.date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if days == 1:
        return _("Yesterday %(time)s") % {"time": f"{local:%H:%M}"}
    if days == -1:
        return _("Tomorrow %(time)s") % {"time": f"{local:%H:%M}"}
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d}"


def machine(value: object) -> str:
    """What `<time datetime>` and form fields want."""
    return value.isoformat() if isinstance(value, date | time) else ""


def field_value(value: object, kind: str) -> str:
    """`value` as the text of a form field of `kind`; lists and files are not handled here."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime) and kind == "datetime":
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return local.strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, datetime) and kind == "date":
        return day(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return clock(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def typed_list(value: object) -> object:
    """A list beside a name as it is typed: by commas, spans with a dash."""
    if not isinstance(value, list):
        return value
    return "，".join("-".join(map(str, one)) if isinstance(one, list) else str(one) for one in value)
