"""The function of the database that decides attempts: one call per batch, one transaction, one place in the log.

    anchang_opening_decide(project, opening, epoch, round, buyers, serials, units, keys, hints)
        -> epoch, round, results[], seqs[]

It holds the opening's lock to the end of the transaction, so that attempts of any number of web processes are
decided one batch after the other, in the order of the log. A key that was answered before gets that answer again.
A hint is what the caller knows from memory; it counts only while `epoch` stands. Whoever wins gets, in the same
transaction and set-based, what `hold_unit` gives: deal (or that of his queue ticket), unit claim, hold, unit state,
history and events. Meaning: opening.rules.decide.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from anchang.deals.models import Deal, Hold
from anchang.inventory.models import UnitStateChange
from anchang.platform.models import Event

#: First key of the opening's advisory lock.
LOCK_CLASS = 7201
#: A hold outlives the buyer's time to confirm by this: the opening itself lets it lapse, the hold's own clock is
#: only there in case that it doesn't.
GRACE = "interval '2 minutes'"


def _into(model: type[models.Model], **given: str) -> tuple[str, str]:
    """Columns and expressions of an INSERT; columns that aren't named get the model's default."""
    names, values = [], []
    for f in model._meta.concrete_fields:
        if f.column in given:
            value: str | None = given[f.column]
        else:
            value = _default(f)
        if value is not None:
            names.append(f'"{f.column}"')
            values.append(value)
    assert not set(given) - {f.column for f in model._meta.concrete_fields}, given
    return f"INSERT INTO {model._meta.db_table} ({', '.join(names)})", ", ".join(values)


def _default(f: Any) -> str | None:
    """SQL of a field's default; None leaves the column to the database (key, generated, NULL)."""
    if f.primary_key or f.generated or f.has_db_default():
        return None
    if getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False) or f.default is timezone.now:
        return "v_at"
    if not f.has_default():
        return None if f.null else "''"
    value = f.get_default()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict | list):
        return "'{}'::jsonb" if isinstance(value, dict) else "'[]'::jsonb"
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


_EVENT = {
    "project_id": "p_project", "actor_kind": "'buyer'", "actor_id": "NULL", "actor_name": "'buyer'", "at": "v_at",
    "business_date": "v_day", "command_id": "v_command",
}  # fmt: skip
_DEAL_INTO, _DEAL = _into(
    Deal, project_id="p_project", unit_id="w.unit", customer_id="b.customer_id", consultant_id="c.owner_id",
    team_id="m.team_id", state="'held'", agency="coalesce(g.agency, '')", opened_on="v_day", created_at="v_at",
    sales_mode="CASE WHEN coalesce(g.agency, '') <> '' THEN 'agency' ELSE 'own' END", updated_at="v_at",
)  # fmt: skip
_HOLD_INTO, _HOLD = _into(
    Hold, project_id="p_project", deal_id="w.deal", unit_id="w.unit", customer_id="b.customer_id", kind="'lock'",
    state="'active'", started_at="v_at", expires_at="v_until", business_date="v_day",
)  # fmt: skip
_STEP_INTO, _STEP = _into(
    UnitStateChange, project_id="p_project", unit_id="u.id", at="v_at", business_date="v_day",
    from_state="'available'", to_state="'held'", cause="'deal'", actor_name="'buyer'",
    list_total="u.list_total", deal_id="w.deal",
)  # fmt: skip
_HELD_INTO, _HELD = _into(
    Event, **_EVENT, name="'unit.held'", resource="'holds'", record_id="w.hold", customer_id="b.customer_id",
    data="jsonb_build_object('unit', w.unit, 'unit_label', u.label, 'deal', w.deal, 'kind', 'lock',"
    " 'expires_at', v_until)",
)  # fmt: skip
#: Open boards fetch the cell of a unit whose event doesn't carry it.
_CLAIMED_INTO, _CLAIMED = _into(
    Event, **_EVENT, name="'unit.claimed'", resource="'units'", record_id="w.unit", customer_id="NULL",
    data="jsonb_build_object('unit', u.label)",
)  # fmt: skip

_AWARD = f"""
CREATE OR REPLACE FUNCTION anchang_opening_award(
    p_project bigint, p_opening bigint, v_at timestamptz, p_units bigint[], p_buyers bigint[])
RETURNS TABLE (unit bigint, deal bigint, hold bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_day date; v_until timestamptz; v_command uuid := gen_random_uuid();
    v_units bigint[]; v_deals bigint[]; w_units bigint[]; w_deals bigint[]; w_holds bigint[];
BEGIN
    SELECT (v_at AT TIME ZONE p.time_zone)::date, v_at + make_interval(mins => o.confirm_minutes) + {GRACE}
      INTO v_day, v_until
      FROM opening_opening o JOIN platform_project p ON p.id = o.project_id
     WHERE o.project_id = p_project AND o.id = p_opening;
    PERFORM set_config('app.command', v_command::text, true);
    -- The deal of a queue ticket takes the unit: its money comes along. One unit per ticket.
    WITH w AS (SELECT * FROM unnest(p_units, p_buyers) AS w(unit, buyer)),
    t AS (
        SELECT DISTINCT ON (k.id) w.unit, k.id AS ticket, k.deal_id AS deal FROM w
          JOIN opening_openingbuyer b ON b.project_id = p_project AND b.id = w.buyer
          JOIN deals_queueticket k ON k.project_id = p_project AND k.id = b.ticket_id
           AND k.state IN ('valid', 'called', 'missed')
          JOIN deals_deal d ON d.project_id = p_project AND d.id = k.deal_id AND d.state = 'queued'
         ORDER BY k.id),
    turned AS (
        UPDATE deals_queueticket k SET state = 'converted', ended_at = v_at, updated_at = v_at
          FROM t WHERE k.project_id = p_project AND k.id = t.ticket),
    moved AS (
        UPDATE deals_deal d SET unit_id = t.unit, state = 'held', updated_at = v_at
          FROM t WHERE d.project_id = p_project AND d.id = t.deal RETURNING d.unit_id, d.id)
    SELECT coalesce(array_agg(unit_id), '{{}}'), coalesce(array_agg(id), '{{}}') INTO v_units, v_deals FROM moved;
    WITH w AS (SELECT * FROM unnest(p_units, p_buyers) AS w(unit, buyer) WHERE unit <> ALL (v_units)),
    made AS (
        {_DEAL_INTO}
        SELECT {_DEAL} FROM w
          JOIN opening_openingbuyer b ON b.project_id = p_project AND b.id = w.buyer
          JOIN crm_customer c ON c.project_id = p_project AND c.id = b.customer_id
          LEFT JOIN platform_teammember m ON m.project_id = p_project AND m.user_id = c.owner_id
          LEFT JOIN platform_team g ON g.project_id = p_project AND g.id = m.team_id
        RETURNING unit_id, id)
    SELECT v_units || coalesce(array_agg(unit_id), '{{}}'), v_deals || coalesce(array_agg(id), '{{}}')
      INTO w_units, w_deals FROM made;
    INSERT INTO deals_unitclaim (project_id, unit_id, deal_id, kind, since)
    SELECT p_project, w.unit, w.deal, 'hold', v_at FROM unnest(w_units, w_deals) AS w(unit, deal);
    WITH made AS (
        {_HOLD_INTO}
        SELECT {_HOLD} FROM unnest(w_units, w_deals) AS w(unit, deal)
          JOIN unnest(p_units, p_buyers) AS t(unit, buyer) ON t.unit = w.unit
          JOIN opening_openingbuyer b ON b.project_id = p_project AND b.id = t.buyer
        RETURNING unit_id, deal_id, id)
    SELECT array_agg(unit_id), array_agg(deal_id), array_agg(id) INTO w_units, w_deals, w_holds FROM made;
    {_STEP_INTO}
    SELECT {_STEP} FROM unnest(w_units, w_deals) AS w(unit, deal)
      JOIN inventory_unit u ON u.project_id = p_project AND u.id = w.unit;
    UPDATE inventory_unit u SET state = 'held', state_since = v_at, state_until = v_until, control_reason = '',
           locks = locks - 'selection', updated_at = v_at
     WHERE u.project_id = p_project AND u.id = ANY (w_units);
    UPDATE inventory_unitlock l SET cleared_at = v_at, clear_reason = 'opening', updated_at = v_at
     WHERE l.project_id = p_project AND l.unit_id = ANY (w_units) AND l.kind = 'selection' AND l.cleared_at IS NULL;
    {_HELD_INTO}
    SELECT {_HELD} FROM unnest(w_units, w_deals, w_holds) AS w(unit, deal, hold)
      JOIN unnest(p_units, p_buyers) AS t(unit, buyer) ON t.unit = w.unit
      JOIN opening_openingbuyer b ON b.project_id = p_project AND b.id = t.buyer
      JOIN inventory_unit u ON u.project_id = p_project AND u.id = w.unit;
    {_CLAIMED_INTO}
    SELECT {_CLAIMED} FROM unnest(w_units) AS w(unit)
      JOIN inventory_unit u ON u.project_id = p_project AND u.id = w.unit;
    RETURN QUERY SELECT * FROM unnest(w_units, w_deals, w_holds);
END $$"""

# A plan made while a table is empty must still be good when it is full: index scans only; LATERAL … LIMIT 1, which
# keeps the planner from starting at the log; and `+ 0` on columns by which it would skip through another index.
_SETTINGS = """
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET enable_sort = off SET plan_cache_mode = force_generic_plan"""

_DECIDE = f"""
CREATE OR REPLACE FUNCTION anchang_opening_decide(
    p_project bigint, p_opening bigint, p_epoch bigint, p_round int,
    p_buyers bigint[], p_serials int[], p_units bigint[], p_keys text[], p_hints text[])
RETURNS TABLE (epoch bigint, round_no int, results text[], seqs bigint[]) LANGUAGE plpgsql {_SETTINGS} AS $$
#variable_conflict use_column
DECLARE
    v_op record; v_at timestamptz; v_us bigint; v_seq bigint; v_hash bytea; r record;
    v_results text[] := p_hints; v_seqs bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(p_buyers)]);
    v_lines bytea[]; v_hashes bytea[] := array_fill(NULL::bytea, ARRAY[cardinality(p_buyers)]);
    v_free bigint[] := '{{}}'; v_busy bigint[] := '{{}}';
    w_units bigint[] := '{{}}'; w_buyers bigint[] := '{{}}'; w_places int[] := '{{}}'; w_slots int[] := '{{}}';
    w_limits int[] := '{{}}'; v_result text; v_slot int;
BEGIN
    PERFORM pg_advisory_xact_lock({LOCK_CLASS}, (p_opening % 2147483647)::int);
    SELECT o.state, o.starts_at, o.ends_at, o.epoch, o.round_no, o.confirm_minutes INTO STRICT v_op
      FROM opening_opening o WHERE o.project_id = p_project AND o.id = p_opening;
    v_at := clock_timestamp();
    v_us := (extract(epoch FROM v_at) * 1000000)::bigint;
    IF v_op.state NOT IN ('rehearsal', 'open') THEN
        RETURN QUERY SELECT v_op.epoch, v_op.round_no,
                            array_fill('not_open'::text, ARRAY[cardinality(p_buyers)]), v_seqs;
        RETURN;
    END IF;
    IF v_op.epoch <> p_epoch OR v_op.round_no <> p_round
       OR (v_op.state = 'open' AND (v_at < v_op.starts_at OR v_at >= v_op.ends_at)) THEN
        v_results := array_fill(''::text, ARRAY[cardinality(p_buyers)]);
    END IF;
    -- Asked before: the same answer again, and no new entry.
    FOR r IN SELECT t.place::int AS place, a.seq,
                    CASE WHEN a.unit_id = t.unit THEN a.result ELSE 'key_reused' END AS result
               FROM unnest(p_buyers, p_units, p_keys) WITH ORDINALITY AS t(buyer, unit, key, place)
              CROSS JOIN LATERAL (
                    SELECT a.result, a.seq, a.unit_id FROM opening_attempt a WHERE a.project_id = p_project
                       AND a.buyer_id = t.buyer AND a.key = t.key AND a.round_no + 0 = v_op.round_no LIMIT 1) a LOOP
        v_results[r.place] := r.result;
        v_seqs[r.place] := r.seq;
    END LOOP;
    IF '' = ANY (v_results) THEN
        IF v_op.state = 'open' THEN
            -- Locked in the order of their ids; what another command works on right now is answered `busy`.
            v_busy := ARRAY(SELECT t.unit FROM unnest(p_units, v_results) AS t(unit, result) WHERE t.result = '');
            SELECT coalesce(array_agg(l.id) FILTER (WHERE l.good), '{{}}'), array_agg(l.id) INTO v_free, v_busy
              FROM (SELECT u.id, u.state = 'available' AND u.locks - 'selection' = '[]'::jsonb
                           AND u.list_total IS NOT NULL AND u.price_list_id IS NOT NULL
                           AND EXISTS (SELECT FROM inventory_licence c JOIN platform_project p ON p.id = p_project
                                WHERE c.project_id = p_project AND c.id = u.licence_id
                                  AND c.issued_on <= (v_at AT TIME ZONE p.time_zone)::date
                                  AND (c.valid_to IS NULL OR c.valid_to >= (v_at AT TIME ZONE p.time_zone)::date))
                           AND NOT EXISTS (SELECT FROM deals_unitclaim k
                                WHERE k.project_id = p_project AND k.unit_id = u.id) AS good
                      FROM inventory_unit u
                     WHERE u.project_id = p_project AND u.id = ANY (v_busy)
                     ORDER BY u.id FOR NO KEY UPDATE OF u SKIP LOCKED) l;
        END IF;
        FOR r IN SELECT t.place::int AS place, t.unit, t.buyer, b.unit_limit, b.starts_at,
                        b.id IS NOT NULL AND NOT b.blocked AND b.serial = t.serial AND b.deleted_at IS NULL AS eligible,
                        o.id IS NOT NULL AS offered, c.id IS NOT NULL AS taken
                   FROM unnest(p_buyers, p_serials, p_units, v_results)
                        WITH ORDINALITY AS t(buyer, serial, unit, result, place)
                   LEFT JOIN LATERAL (
                        SELECT b.* FROM opening_openingbuyer b WHERE b.project_id = p_project AND b.id = t.buyer
                           AND b.opening_id = p_opening LIMIT 1) b ON true
                   LEFT JOIN LATERAL (
                        SELECT o.id FROM opening_offeredunit o WHERE o.project_id = p_project
                           AND o.opening_id = p_opening AND o.unit_id = t.unit LIMIT 1) o ON true
                   LEFT JOIN LATERAL (
                        SELECT c.id FROM opening_openingclaim c WHERE c.project_id = p_project
                           AND c.unit_id = t.unit AND c.opening_id + 0 = p_opening
                           AND c.round_no + 0 = v_op.round_no
                           AND c.state IN ('won', 'confirmed') LIMIT 1) c ON true
                  WHERE t.result = '' ORDER BY t.place LOOP
            v_result := CASE
                WHEN NOT r.eligible THEN 'not_eligible'
                WHEN v_op.state = 'open' AND v_at < greatest(v_op.starts_at, r.starts_at) THEN 'not_started'
                WHEN v_op.state = 'open' AND v_at >= v_op.ends_at THEN 'ended'
                WHEN NOT r.offered THEN 'not_offered'
                WHEN r.taken OR r.unit = ANY (w_units) THEN 'taken' ELSE '' END;
            IF v_result = '' THEN
                SELECT min(s) INTO v_slot FROM generate_series(1, r.unit_limit) s
                 WHERE NOT EXISTS (SELECT FROM opening_openingclaim c WHERE c.project_id = p_project
                        AND c.buyer_id = r.buyer AND c.round_no + 0 = v_op.round_no
                        AND c.slot = s AND c.state IN ('won', 'confirmed'));
                v_result := CASE
                    WHEN v_slot IS NULL OR r.buyer = ANY (w_buyers) THEN 'limit'
                    WHEN v_op.state = 'open' AND r.unit <> ALL (coalesce(v_busy, '{{}}')) THEN 'busy'
                    WHEN v_op.state = 'open' AND r.unit <> ALL (v_free) THEN 'unavailable' ELSE 'won' END;
                IF v_result = 'won' THEN
                    w_units := w_units || r.unit;
                    w_buyers := w_buyers || r.buyer;
                    w_places := w_places || r.place;
                    w_slots := w_slots || v_slot;
                    w_limits := w_limits || r.unit_limit::int;
                END IF;
            END IF;
            v_results[r.place] := v_result;
        END LOOP;
    END IF;
    SELECT a.seq, a.hash INTO v_seq, v_hash FROM opening_attempt a
     WHERE a.project_id = p_project AND a.opening_id = p_opening AND a.round_no = v_op.round_no
     ORDER BY a.project_id DESC, a.opening_id DESC, a.round_no DESC, a.seq DESC LIMIT 1;
    IF v_seq IS NULL THEN
        v_seq := 0;
        v_hash := sha256(convert_to('opening ' || p_opening || ' round ' || v_op.round_no, 'UTF8'));
    END IF;
    -- Lines are written as a set, all but their numbers; only what depends on the entry before is done one by one.
    SELECT array_agg(l.line) INTO v_lines FROM (
        SELECT convert_to(concat('|', v_us, '|', t.buyer, '|', t.unit, '|', t.key, '|', t.result), 'UTF8') AS line
          FROM unnest(p_buyers, p_units, p_keys, v_results) WITH ORDINALITY AS t(buyer, unit, key, result, place)
         ORDER BY t.place) l;
    FOR i IN 1 .. cardinality(p_buyers) LOOP
        CONTINUE WHEN v_seqs[i] IS NOT NULL;
        v_seq := v_seq + 1;
        v_hash := sha256(v_hash || convert_to(v_seq::text, 'UTF8') || v_lines[i]);
        v_seqs[i] := v_seq;
        v_hashes[i] := v_hash;
    END LOOP;
    INSERT INTO opening_attempt (project_id, opening_id, round_no, seq, at, buyer_id, unit_id, key, result, hash)
    SELECT p_project, p_opening, v_op.round_no, t.seq, v_us, t.buyer, t.unit, t.key, t.result, t.hash
      FROM unnest(p_buyers, p_units, p_keys, v_results, v_seqs, v_hashes) AS t(buyer, unit, key, result, seq, hash)
     WHERE t.hash IS NOT NULL;
    IF cardinality(w_units) > 0 AND v_op.state = 'rehearsal' THEN
        INSERT INTO opening_openingclaim (project_id, opening_id, round_no, rehearsal, unit_id, buyer_id, slot, slots,
                                          seq, state, won_at, confirm_by, told)
        SELECT p_project, p_opening, v_op.round_no, true, t.unit, t.buyer, t.slot, t.slots, v_seqs[t.place], 'won',
               v_at, v_at + make_interval(mins => v_op.confirm_minutes), true
          FROM unnest(w_units, w_buyers, w_slots, w_limits, w_places) AS t(unit, buyer, slot, slots, place);
    ELSIF cardinality(w_units) > 0 THEN
        INSERT INTO opening_openingclaim (project_id, opening_id, round_no, rehearsal, unit_id, buyer_id, slot, slots,
                                          seq, state, deal_id, hold_id, won_at, confirm_by, told)
        SELECT p_project, p_opening, v_op.round_no, false, t.unit, t.buyer, t.slot, t.slots, v_seqs[t.place], 'won',
               a.deal, a.hold, v_at, v_at + make_interval(mins => v_op.confirm_minutes), false
          FROM unnest(w_units, w_buyers, w_slots, w_limits, w_places) AS t(unit, buyer, slot, slots, place)
          JOIN anchang_opening_award(p_project, p_opening, v_at, w_units, w_buyers) a ON a.unit = t.unit;
    END IF;
    RETURN QUERY SELECT v_op.epoch, v_op.round_no, v_results, v_seqs;
END $$"""

#: The log of a rehearsal may go, that of the real round never: only this function can delete, and only while the
#: opening has not been opened.
_WIPE = """
CREATE OR REPLACE FUNCTION anchang_opening_wipe(p_project bigint, p_opening bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_count bigint;
BEGIN
    IF NOT (p_project = ANY (coalesce(nullif(current_setting('app.projects', true), ''), '{}')::bigint[]))
       OR NOT EXISTS (SELECT FROM opening_opening WHERE project_id = p_project AND id = p_opening
                         AND state IN ('ready', 'rehearsal')) THEN
        RAISE EXCEPTION 'only a rehearsal is wiped' USING ERRCODE = '23514', CONSTRAINT = 'opening_wipe';
    END IF;
    DELETE FROM opening_openingclaim WHERE project_id = p_project AND opening_id = p_opening AND rehearsal;
    DELETE FROM opening_attempt WHERE project_id = p_project AND opening_id = p_opening;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$"""

_STATE = """
CREATE OR REPLACE FUNCTION anchang_opening_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('draft', 'ready'), ('ready', 'draft'), ('ready', 'rehearsal'),
                                      ('rehearsal', 'ready'), ('ready', 'open'), ('open', 'closed')) THEN
        RAISE EXCEPTION 'an opening does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = '23514', CONSTRAINT = 'opening_state_move';
    END IF;
    RETURN NEW;
END $$"""

SQL = (
    _AWARD, _DECIDE, _WIPE, _STATE,
    "REVOKE ALL ON FUNCTION anchang_opening_wipe(bigint, bigint) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION anchang_opening_wipe(bigint, bigint) TO anchang_app",
    "CREATE OR REPLACE TRIGGER anchang_opening_state BEFORE UPDATE OF state ON opening_opening "
    "FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION anchang_opening_state()",
)  # fmt: skip
