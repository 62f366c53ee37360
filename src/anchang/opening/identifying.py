"""Who holds the link: a buyer says the end of his phone or document number before he sees units and may confirm.

A link that went astray shows nothing then, and what it wins lapses unconfirmed. What was said once is remembered by the
browser in a signed cookie for this buyer and this link; a new link asks again.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest, HttpResponse

from anchang.crm.models import CustomerIdentity, CustomerPhone
from anchang.kernel.errors import DomainError
from anchang.opening.models import OpeningBuyer
from anchang.platform import attempts, parameters

SALT, COOKIE, DIGITS = "anchang.opening.identified", "identified", 4
LINK, PHONE, IDENTITY = "link", "phone", "identity"


def asked_for(buyer: OpeningBuyer) -> str:
    """What this buyer has to say: nothing beside the link, the end of a phone, the end of a document number."""
    project = buyer.opening.project
    return str(parameters.value("opening.identify", project, project.today()))


def is_identified(request: HttpRequest, buyer: OpeningBuyer) -> bool:
    if asked_for(buyer) == LINK:
        return True
    try:
        told = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT)
    except signing.BadSignature:
        return False
    return bool(told == [buyer.pk, buyer.serial])


def check_identified(request: HttpRequest, buyer: OpeningBuyer) -> None:
    """Raises identity_needed (403)."""
    if not is_identified(request, buyer):
        raise DomainError("identity_needed", status=403)


def identify(buyer: OpeningBuyer, typed: str) -> bool:
    """Whether these are the last four characters of one of his numbers. Wrong ones count; too many raise
    too_many_attempts (429) for a while. Whoever tries isn't told which numbers the office has."""
    project, today = buyer.opening.project, buyer.opening.project.today()
    counter = f"opening-identity:{buyer.pk}"
    attempts.check_attempts(counter, int(parameters.value("opening.identify_tries", project, today)))
    known = {tail[-DIGITS:].upper() for tail in _tails(buyer, asked_for(buyer))}
    if len(typed) == DIGITS and typed.upper() in known:
        attempts.forget_attempts(counter)
        return True
    attempts.add_attempt(counter, int(parameters.value("opening.identify_pause_minutes", project, today)))
    return False


def _tails(buyer: OpeningBuyer, kind: str) -> list[str]:
    mine = {"project_id": buyer.project_id, "customer_id": buyer.customer_id, "active": True}
    if kind == PHONE:
        return list(CustomerPhone.objects.filter(**mine).values_list("tail", flat=True))
    return list(CustomerIdentity.objects.filter(**mine).values_list("tail", flat=True))


def remember(request: HttpRequest, answer: HttpResponse, buyer: OpeningBuyer, path: str) -> None:
    """For this link alone, until the browser is closed."""
    told = signing.dumps([buyer.pk, buyer.serial], salt=SALT)
    answer.set_cookie(COOKIE, told, path=path, httponly=True, samesite="Lax", secure=request.is_secure())
