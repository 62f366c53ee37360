"""Opens a transaction inside which the database shows only the actor's projects.

Row-level security reads `app.projects`; the audit trigger reads `app.actor` and `app.command`. They
are transaction-local, so a pooled connection never carries them to the next request. Unset means
nothing is visible. The one place where they are set (Citus needs SET LOCAL here: one function to change).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction

from anchang.kernel.actor import Actor
from anchang.platform import statements
from anchang.platform.access import Access

_command: ContextVar[uuid.UUID | None] = ContextVar("command_id", default=None)


def current_command_id() -> uuid.UUID:
    """The id under which this transaction's row changes are audited."""
    return _command.get() or uuid.uuid4()


def set_scope(project_ids: Iterable[int], actor: Actor, command_id: uuid.UUID | None = None) -> None:
    """Must run inside a transaction."""
    command_id = command_id or uuid.uuid4()
    _command.set(command_id)
    ids = "{" + ",".join(str(int(p)) for p in project_ids) + "}"
    with statements.together():  # with the transaction's BEGIN
        statements.run(
            "SELECT set_config('app.projects', %s, true), set_config('app.actor', %s, true),"
            " set_config('app.command', %s, true)",
            [ids, actor.principal, str(command_id)],
        )


@contextmanager
def open_scope(access: Access, command_id: uuid.UUID | None = None) -> Iterator[None]:
    """A transaction in the scope of `access`."""
    with transaction.atomic():
        set_scope(access.project_ids, access.actor, command_id)
        yield
