"""Who has papers signed. Built in is the office's own signing; docs/signing.md says how one from outside fits.

    class Provider:
        name = "esign"
        def send(self, ctx, request, signers, paper): ...       # the paper goes out to its signers
        def withdraw(self, ctx, request): ...                   # nobody may sign any more

An outside provider (法大大, e签宝, 上上签) gets the PDF and the signers from `send`, and hands each signed PDF back to
`commands.signing.keep_signed`. None of them is part of this house.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from anchang.kernel.errors import DomainError
from anchang.paperwork import sheets
from anchang.paperwork.identities import company_of
from anchang.paperwork.models import SignatureRequest, Signer
from anchang.platform.context import Context
from anchang.platform.wording import key_word, say_keys

BUILT_IN = "built-in"

say_keys(provider={BUILT_IN: _("This system's own signing")})


class Provider(Protocol):
    name: str

    def send(self, ctx: Context, request: SignatureRequest, signers: Sequence[Signer], paper: bytes) -> bytes:
        """The PDF that is signed from now on. The request and its signers are stored already."""

    def withdraw(self, ctx: Context, request: SignatureRequest) -> None:
        """Nobody may sign any more."""


class BuiltIn:
    """Signs with the project's own certificate, in the signers' names, after they confirmed by code."""

    name = BUILT_IN

    def send(self, ctx: Context, request: SignatureRequest, signers: Sequence[Signer], paper: bytes) -> bytes:
        verify = f"/verify/{request.project_id}-{request.verify_code}/"
        return sheets.sheeted(paper, request, signers, company_of(ctx), verify)

    def withdraw(self, ctx: Context, request: SignatureRequest) -> None:
        """The request's state says it; there is nobody to tell."""


_providers: dict[str, Provider] = {BUILT_IN: BuiltIn()}


def register_provider(provider: Provider) -> None:
    _providers[provider.name] = provider


def provider_of(name: str) -> Provider:
    """Raises provider_missing for one that isn't installed."""
    if name not in _providers:
        raise DomainError("provider_missing", provider=name)
    return _providers[name]


def providers_named(_project_id: int | None) -> dict[str, str]:
    """The installed providers in words; one from outside goes by its own name until it says one."""
    return {name: key_word("provider", name) for name in _providers}
