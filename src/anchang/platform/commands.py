"""Command (动作): one business operation, declared once and called from every surface.

    @command(Unit, verb="hold", permission="units.hold", label=_("Hold"), refuses=why_not_hold)
    def hold_unit(ctx: Context, unit: Unit, data: HoldInput) -> Hold: ...

    @creates(Lead, label=_("New lead"))
    def add_leads(ctx: Context, rows: list[LeadInput]) -> list[Lead]: ...

    @edits(Customer)
    def edit_customer(ctx: Context, customer: Customer, data: CustomerEdit) -> Customer: ...

A decorated function stays a plain function: another command calls it with its own context. The outside
calls `execute`, which checks permission, opens the transaction, fetches and locks the subject inside the
caller's scope, settles it, asks for a refusal, runs the body and writes events.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args, get_type_hints

from django.db import DataError, IntegrityError, OperationalError, models, transaction

from anchang.kernel.errors import DomainError, Refusal, forbidden, not_found
from anchang.platform import bounds, reading, resources
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.inputs import Input, RefTo, is_ref_list, read_input, ref_of
from anchang.platform.models import Project
from anchang.platform.resources import Resource


@dataclass(frozen=True)
class Command:
    """A registered command. `kind`: record (has a subject), create (set-based), edit, project (no subject).

    refuses   refuses(subject) -> Refusal | None: says why not now; words the disabled button too.
    show      show(subject) -> bool: whether the button makes sense at all in this state (default: always).
    prefill   prefill(subject) -> values that stand in the form when it opens; personal numbers only masked.
    shape     "primary" next step, "menu", "danger", or "" hidden from pages (API only).
    """

    name: str
    model: type[models.Model]
    verb: str
    permission: str
    kind: str
    body: Callable[..., Any]
    input: type[Input] | None
    label: Any
    icon: str = ""
    shape: str = "menu"
    refuses: Callable[[Any], Refusal | None] | None = None
    show: Callable[[Any], bool] | None = None
    bulk: bool = False
    done: Any = ""  # the toast after success
    help: Any = ""
    lock: bool = True
    prefill: Callable[[Any], Mapping[str, Any]] | None = None
    private_answer: bool = False  # holds a secret or a full number: never stored for a repeated key

    @property
    def resource(self) -> Resource:
        found = resources.of_model(self.model)
        if found is None:
            raise LookupError(f"{self.name}: {self.model.__name__} has no resource")
        return found


_commands: dict[str, Command] = {}
_by_verb: dict[tuple[type[models.Model], str], Command] = {}
_settlers: dict[type[models.Model], list[Callable[[Context, Any], None]]] = {}
_constraint_errors: dict[str, tuple[str, int]] = {}


def add(cmd: Command) -> None:
    """Put a command on the register; decorators and plain resources end here."""
    if cmd.name in _commands or (cmd.model, cmd.verb) in _by_verb:
        raise ValueError(f"command {cmd.name} is registered twice")
    _commands[cmd.name] = cmd
    _by_verb[cmd.model, cmd.verb] = cmd


def _input_type(function: Callable[..., Any], position: int) -> type[Input] | None:
    names = list(inspect.signature(function).parameters)
    if len(names) <= position:
        return None
    hint = get_type_hints(function)[names[position]]
    for candidate in (hint, *get_args(hint)):
        if isinstance(candidate, type) and issubclass(candidate, Input):
            return candidate
    return None


def command(
    model: type[models.Model], *, verb: str, label: Any, permission: str = "", name: str = "", **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command on one record: body(ctx, record[, data])."""

    def wrap(body: Callable[..., Any]) -> Callable[..., Any]:
        kind = _input_type(body, 2)
        add(Command(name or body.__name__, model, verb, permission, "record", body, kind, label, **options))
        return body

    return wrap


def creates(
    model: type[models.Model], *, label: Any, permission: str = "", **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The creating command: body(ctx, rows) -> records, set-based. A form or API call passes one row."""

    def wrap(body: Callable[..., Any]) -> Callable[..., Any]:
        kind = _input_type(body, 1)
        add(Command(body.__name__, model, "create", permission, "create", body, kind, label, **options))
        return body

    return wrap


def edits(
    model: type[models.Model], *, label: Any = "", permission: str = "", **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The editing command: body(ctx, record, data); `data.model_fields_set` says what was sent."""

    def wrap(body: Callable[..., Any]) -> Callable[..., Any]:
        kind = _input_type(body, 2)
        add(Command(body.__name__, model, "edit", permission, "edit", body, kind, label, **options))
        return body

    return wrap


def project_command(
    model: type[models.Model], *, verb: str, label: Any, permission: str, **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command without a subject record, listed under a resource: body(ctx, data). `POST /<resource>/<verb>`."""

    def wrap(body: Callable[..., Any]) -> Callable[..., Any]:
        kind = _input_type(body, 1)
        add(Command(body.__name__, model, verb, permission, "project", body, kind, label, **options))
        return body

    return wrap


def settles(model: type[models.Model]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Registers settle(ctx, record): expire what time has ended, before the refusal is asked for."""

    def wrap(function: Callable[..., None]) -> Callable[..., None]:
        _settlers.setdefault(model, []).append(function)
        return function

    return wrap


def constraint_errors(table: dict[str, str | tuple[str, int]]) -> None:
    """Database constraint -> error code (409 unless given): the last guard speaks the reader's language."""
    for constraint, code in table.items():
        _constraint_errors[constraint] = code if isinstance(code, tuple) else (code, 409)


def get(name: str) -> Command:
    return _commands[name]


def forget(resource: Resource) -> None:
    """Take a run-time object's commands off the register."""
    for cmd in of_resource(resource):
        del _commands[cmd.name]
        del _by_verb[cmd.model, cmd.verb]


def all_commands() -> list[Command]:
    return list(_commands.values())


def of_resource(resource: Resource) -> list[Command]:
    return [c for c in _commands.values() if c.model is resource.model]


def find(resource: Resource, verb: str) -> Command | None:
    return _by_verb.get((resource.model, verb))


def permission_of(cmd: Command) -> str:
    return cmd.permission or f"{cmd.resource.name}.{cmd.verb}"


def problems() -> list[str]:
    found = []
    for resource in resources.all_resources():
        for verb in resource.kanban.moves.values() if resource.kanban else ():
            if find(resource, verb) is None:
                found.append(f"{resource.name}: kanban moves by {verb}, which is no command")
    for cmd in _commands.values():
        if resources.of_model(cmd.model) is None:
            found.append(f"command {cmd.name}: {cmd.model.__name__} has no resource")
        for field_name, info in cmd.input.model_fields.items() if cmd.input else ():
            ref = ref_of(info)
            if ref and resources.find(ref.resource) is None:
                found.append(f"command {cmd.name}.{field_name}: no resource {ref.resource}")
    return found


# --- running -------------------------------------------------------------------------------------


def execute(
    cmd: Command,
    access: Access,
    *,
    subject_id: Any = None,
    data: Any = None,
    rows: Sequence[Any] | None = None,
    project: Project | None = None,
    version: int | None = None,
    preview: bool = False,
    savepoint: bool = True,
) -> Any:
    """Run a command for an actor, inside an open scope (platform.scope). Returns what the body returns.

    create: `rows` (or one `data`); the answer is the list (or the one record).
    preview: runs and rolls back. savepoint False: the caller rolls the whole transaction back on error.
    """
    try:
        with transaction.atomic(savepoint=savepoint or preview):
            result = _run(cmd, access, subject_id, data, rows, project, version)
            if preview:
                transaction.set_rollback(True)
            return result
    except IntegrityError as exc:
        raise _named(exc) from exc
    except DataError as exc:  # a number or text that its column can't hold
        sent = rows[0] if rows and len(rows) == 1 else rows or data
        raise bounds.refused_by_database(sent, str(exc)) from exc
    except OperationalError as exc:
        if getattr(exc.__cause__, "sqlstate", "") in ("55P03", "40P01", "40001"):
            raise DomainError("busy", status=409) from exc
        raise


def _run(
    cmd: Command, access: Access, subject_id: Any, data: Any, rows: Sequence[Any] | None,
    project: Project | None, version: int | None,
) -> Any:  # fmt: skip
    if cmd.kind == "create":
        many = rows is not None
        given = list(rows) if rows is not None else [data]
        inputs = _read(cmd, given)
        ctx = _creating_context(cmd, access, inputs, project)
        resolve_refs(ctx, inputs)
        made = cmd.body(ctx, inputs)
        ctx.flush()
        return made if many else made[0]
    if cmd.kind == "project":
        payload = _read(cmd, [data])[0] if cmd.input else None
        ctx = _project_context(cmd, access, payload, project)
        resolve_refs(ctx, [payload] if payload else [])
        result = cmd.body(ctx, payload) if cmd.input else cmd.body(ctx)
        ctx.flush()
        return result
    subject = fetch_subject(cmd, access, subject_id)
    payload = _read(cmd, [data])[0] if cmd.input else None
    ctx = Context.for_record(access, subject)
    if version is not None and getattr(subject, "version", version) != version:
        raise DomainError("changed_meanwhile")
    for settle in _settlers.get(cmd.model, ()):
        settle(ctx, subject)
    if cmd.refuses and (why := cmd.refuses(subject)):
        raise DomainError.of(why)
    if payload is not None:
        resolve_refs(ctx, [payload])
        result = cmd.body(ctx, subject, payload)
    else:
        result = cmd.body(ctx, subject)
    ctx.flush()
    return result


def _read(cmd: Command, given: list[Any]) -> list[Any]:
    """Validated inputs, inside the bounds of the columns; 422 with a code per field."""
    if cmd.input is None:
        return given
    inputs: list[Any] = [read_input(cmd.input, one) for one in given]
    bounds.check(cmd.input, cmd.model, inputs)
    return inputs


def fetch_subject(cmd: Command, access: Access, subject_id: Any) -> Any:
    """The subject, locked, inside the scope of the command's permission. 404 when it can't be seen at all,
    403 when it can be seen but not acted on."""
    resource = cmd.resource
    right = permission_of(cmd)
    manager = cmd.model._base_manager if cmd.verb == "restore" else cmd.model._default_manager
    rows = manager.all()
    if cmd.lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    reach = reading.reach(resource, right, access)
    if reach is not None:
        found = rows.filter(reach, pk=subject_id).first()
        if found is not None:
            return found
    seen = reading.reach(resource, f"{resource.name}.view", access)
    if seen is not None and cmd.model._default_manager.filter(seen, pk=subject_id).exists():
        raise forbidden(right)
    raise not_found()


def _creating_context(cmd: Command, access: Access, inputs: Iterable[Any], project: Project | None) -> Context:
    right = permission_of(cmd)
    if cmd.resource.group_level:
        if not access.may(right):
            raise forbidden(right)
        return Context(access, None)
    if project is None:
        keys = {getattr(i, "project", None) for i in inputs}
        project = one_project(access, keys)
    if project.pk not in access.rights:
        raise DomainError("not_found", status=422, fields={"project": "not_found"})
    if not access.may(right, project.pk):
        raise forbidden(right)
    return Context(access, project)


def _project_context(cmd: Command, access: Access, payload: Any, project: Project | None) -> Context:
    """A command without subject that names no project works across the actor's projects."""
    if project is None and not hasattr(payload, "project"):
        right = permission_of(cmd)
        access.require(right)
        return Context(access, None)
    return _creating_context(cmd, access, [payload], project)


def one_project(access: Access, keys: set[Any]) -> Project:
    """The project named by id or code; without one, the actor's only project."""
    keys.discard(None)
    if not keys and len(access.project_ids) == 1:
        keys = {access.project_ids[0]}
    if len(keys) != 1:
        raise DomainError("bad_input", status=422, fields={"project": "required" if not keys else "one_project"})
    found = reading.project_by_key(keys.pop())
    if found is None or found.pk not in access.rights:
        raise DomainError("bad_input", status=422, fields={"project": "not_found"})
    return found


def resolve_refs(ctx: Context, inputs: Sequence[Any]) -> None:
    """Replace reference keys in the inputs by records, fetched in scope, one query per resource and field.
    A key that isn't there is 422 on that field."""
    if not inputs or not isinstance(inputs[0], Input):
        return
    for name, ref, many in _references(type(inputs[0])):
        keys: set[Any] = set()
        for row in inputs:
            value = getattr(row, name)
            keys.update(value or ()) if many else keys.add(value)
        keys = {k for k in keys if k is not None and not isinstance(k, models.Model)}
        if not keys:
            continue
        found = reading.fetch_refs(ref.resource, keys, ctx.access, ctx.project)
        for row in inputs:
            value = getattr(row, name)
            if many:
                setattr(row, name, [_pick(found, v, name) for v in value or ()])
            elif value is not None:
                setattr(row, name, _pick(found, value, name))


@lru_cache(maxsize=2000)
def _references(kind: type[Input]) -> tuple[tuple[str, RefTo, bool], ...]:
    """The input's fields that refer to records: name, to what, whether to several."""
    found = ((name, ref_of(info), is_ref_list(info)) for name, info in kind.model_fields.items())
    return tuple((name, ref, many) for name, ref, many in found if ref is not None)


def _pick(found: dict[Any, Any], key: Any, name: str) -> Any:
    if isinstance(key, models.Model):
        return key
    if key not in found:
        raise DomainError("bad_input", status=422, fields={name: "not_found"})
    return found[key]


def _named(exc: IntegrityError) -> DomainError:
    diag = getattr(exc.__cause__, "diag", None)
    constraint = getattr(diag, "constraint_name", "") or ""
    code, status = _constraint_errors.get(constraint, ("", 409))
    if code:
        return DomainError(code, status=status)
    state = getattr(exc.__cause__, "sqlstate", "")
    if state == "23505":
        return DomainError("already_exists", status=409, constraint=constraint)
    if state in ("23514", "23502", "23503"):
        return DomainError("database_refused", status=422, constraint=constraint)
    return DomainError("database_refused", status=409, constraint=constraint)
