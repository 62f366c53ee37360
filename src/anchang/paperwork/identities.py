"""The project's own signing certificate: made once, its key encrypted by the data key."""

from __future__ import annotations

import base64
import datetime as dt
import ssl

from django.db import connection

from anchang.paperwork.models import SigningCertificate
from anchang.platform import personal
from anchang.platform.context import Context
from anchang.platform.documents.signing import Identity, new_identity

DAYS = 365


def company_of(ctx: Context) -> str:
    """Who sells, as the papers call it."""
    return ctx.here.developer or ctx.here.company.name


def certificate_of(ctx: Context) -> SigningCertificate:
    """The certificate in force; made when there is none that outlives today's links."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"signing-certificate:{ctx.here.pk}"])
    until = ctx.now + dt.timedelta(hours=int(ctx.param("paperwork.link_hours")))
    found = SigningCertificate.objects.filter(project=ctx.here, valid_to__gt=until).order_by("-id").first()
    return found or _made(ctx)


def _made(ctx: Context) -> SigningCertificate:
    start = ctx.now.replace(microsecond=0)
    days = DAYS * int(ctx.param("paperwork.certificate_years"))
    made = new_identity(company_of(ctx), ctx.here.name, start, days)
    row = SigningCertificate(
        project=ctx.here, subject=f"{company_of(ctx)} · {ctx.here.name}"[:200],
        certificate=ssl.DER_cert_to_PEM_cert(made.certificate), fingerprint=made.fingerprint,
        key_cipher=personal.encrypt(base64.b64encode(made.key).decode()), valid_from=start,
        valid_to=start + dt.timedelta(days=days), created_by_id=ctx.user_id,
    )  # fmt: skip
    row.save(force_insert=True)
    ctx.event("certificate.made", row, fingerprint=row.fingerprint)
    return row


def identity_of(certificate: SigningCertificate) -> Identity:
    return Identity(der_of(certificate), base64.b64decode(personal.decrypt(certificate.key_cipher)))


def der_of(certificate: SigningCertificate) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate.certificate)
