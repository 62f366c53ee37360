"""The baseline of create_customer: an endpoint with hand-written SQL and nothing else.

The same server program, processes, threads and bridge to them (config/bridge.py), and the same writes in one
transaction: token and scope, the look-up of the phone, customer, phone, event, search tokens, and the answer read
back. No Django, registers, input types or permissions.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from anchang.config.bridge import Bridge
from anchang.config.dispatch import Application
from anchang.kernel import chinese

KEY = hashlib.sha256(b"bench").digest()
CIPHER = AESGCM(KEY)
_local = threading.local()

FIND = """SELECT u.id, u.name FROM platform_apitoken t JOIN platform_user u ON u.id = t.user_id
 WHERE t.digest = %s AND t.revoked_at IS NULL AND t.expires_at > now() AND u.is_active"""
SCOPE = """SELECT set_config('app.projects', %s, true), set_config('app.actor', %s, true),
 set_config('app.command', %s, true)"""
HOLDER = "SELECT customer_id FROM crm_customerphone WHERE project_id = 1 AND digest = %s AND active"
CUSTOMER = """INSERT INTO crm_customer (project_id, version, created_at, updated_at, created_by_id, kind, name, sex,
 phone_masked, email, licence_number, grade, stage, deal_stage, value_class, owner_id, campaign, source, captured_at,
 business_date, idle_since, visit_count, household_relation, occupation, age_band, residence, workplace, note,
 state, state_reason) VALUES (1, 1, now(), now(), %s, 'person', %s, '', %s, '', '', 'C', 'visitor', '', 'normal', %s,
 '', 'staff', now(), current_date, now(), 0, '', '', '', '', '', '', 'active', '') RETURNING id"""
PHONE = """INSERT INTO crm_customerphone (project_id, customer_id, cipher, digest, masked, tail, active, main, added_at)
 VALUES (1, %s, %s, %s, %s, %s, true, true, now())"""
EVENT = """INSERT INTO platform_event (project_id, name, resource, record_id, customer_id, actor_kind, actor_id,
 actor_name, at, business_date, data, command_id)
 VALUES (1, 'customer.created', 'customers', %s, %s, 'staff', %s, %s, now(), current_date, %s, %s)"""
TOKENS = """INSERT INTO platform_searchtoken (project_id, resource, record_id, token)
 SELECT 1, 'customers', %s, t FROM unnest(%s::text[]) t ON CONFLICT DO NOTHING"""
RECORD = "INSERT INTO platform_searchrecord (project_id, resource, record_id, tokens) VALUES (1, 'customers', %s, %s)"
ANSWER = """SELECT c.id, c.version, c.name, c.number, c.phone_masked, c.grade, c.stage, u.id, u.name,
 c.created_at::text FROM crm_customer c LEFT JOIN platform_user u ON u.id = c.owner_id WHERE c.id = %s"""


def endpoint(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/healthz":
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]
    data = json.loads(environ["wsgi.input"].read())
    token = environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    answer = json.dumps(create(token, data["name"], data["phone"]), ensure_ascii=False).encode()
    start("201 Created", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


def create(token: str, name: str, phone: str) -> dict[str, Any]:
    connection = _connection()
    command = str(uuid.uuid4())
    with connection.transaction():
        run = connection.execute
        user = run(FIND, [hashlib.sha256(token.encode()).hexdigest()]).fetchone()
        assert user is not None
        run(SCOPE, ["{1}", f"staff:{user[0]}", command])
        digest = base64.urlsafe_b64encode(hmac.new(KEY, phone.encode(), hashlib.sha256).digest()[:24]).decode()
        assert run(HOLDER, [digest]).fetchone() is None
        masked = f"{phone[:3]}****{phone[-4:]}"
        row = run(CUSTOMER, [user[0], name, masked, user[0]]).fetchone()
        assert row is not None
        nonce = os.urandom(12)
        run(PHONE, [row[0], nonce + CIPHER.encrypt(nonce, phone.encode(), None), digest, masked, phone[-4:]])
        facts = json.dumps({"source": "staff", "owner": user[0]})
        run(EVENT, [row[0], row[0], user[0], user[1], facts, command])
        words = [*chinese.search_tokens(name), f"k{row[0]:09d}", "#" + phone[-4:], "=" + digest]
        run(TOKENS, [row[0], sorted(set(words))])
        run(RECORD, [row[0], "\x1d".join(words)])
        found = run(ANSWER, [row[0]]).fetchone()
    assert found is not None
    names = ("id", "version", "name", "number", "phone", "grade", "stage", "owner", "owner_name", "created_at")
    return dict(zip(names, found, strict=True))


def _connection() -> psycopg.Connection[Any]:
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["DATABASE_APP_URL"], autocommit=True)
    return _local.connection  # type: ignore[no-any-return]


application = Application({}, Bridge(endpoint, max_body=1_000_000, threads=4))


def main() -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    Server(
        "bench.bare:application", address="127.0.0.1", port=options.port, interface=Interfaces.RSGI,
        workers=options.processes, websockets=False, log_level=LogLevels.warning, log_access=False,
    ).serve()  # fmt: skip


if __name__ == "__main__":
    main()
