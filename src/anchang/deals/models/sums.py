"""Checks at commit that a row alone cannot express: plan lines sum to the paper's total
(drafts may be incomplete), shares to 100."""

from __future__ import annotations

_TRIGGER = """
DROP TRIGGER IF EXISTS {name} ON {table};
CREATE CONSTRAINT TRIGGER {name} AFTER {events} ON {table} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION {function};
ALTER FUNCTION {function} SECURITY DEFINER SET search_path = public, pg_temp"""


def at_commit(name: str, table: str, events: str, function: str) -> str:
    """A constraint trigger that runs at commit, as the owner: the scope that the transaction ends in must not hide the
    rows that it adds up. Made anew each time, so the text may change."""
    return _TRIGGER.format(name=name, table=table, events=events, function=function)


_CHECK_PLAN = """
CREATE OR REPLACE FUNCTION anchang_plan_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE paper_total numeric; paper_state text; planned numeric; sub bigint; con bigint;
    decoration numeric; planned_decoration numeric;
    pid bigint := NEW.project_id;
BEGIN
    IF TG_TABLE_NAME = 'deals_planline' THEN sub := NEW.subscription_id; con := NEW.contract_id;
    ELSIF TG_TABLE_NAME = 'deals_subscription' THEN sub := NEW.id;
    ELSE con := NEW.id;
    END IF;
    IF sub IS NOT NULL THEN
        SELECT total, state, decoration_total INTO paper_total, paper_state, decoration FROM deals_subscription
         WHERE project_id = pid AND id = sub;
        SELECT coalesce(sum(amount), 0), coalesce(sum(amount) FILTER (WHERE item = 'decoration'), 0)
          INTO planned, planned_decoration FROM deals_planline
         WHERE project_id = pid AND subscription_id = sub;
    ELSE
        SELECT total, state, decoration_total INTO paper_total, paper_state, decoration FROM deals_contract
         WHERE project_id = pid AND id = con;
        SELECT coalesce(sum(amount), 0), coalesce(sum(amount) FILTER (WHERE item = 'decoration'), 0)
          INTO planned, planned_decoration FROM deals_planline
         WHERE project_id = pid AND contract_id = con;
    END IF;
    IF paper_state <> 'draft' AND paper_total IS DISTINCT FROM planned THEN
        RAISE EXCEPTION 'plan lines sum to %, the total is %', planned, paper_total
            USING ERRCODE = '23514', CONSTRAINT = 'plan_sum';
    END IF;
    -- A decoration contract has lines of its own: nothing of the house price is moved into it, or out of it.
    IF paper_state <> 'draft' AND decoration > 0 AND decoration IS DISTINCT FROM planned_decoration THEN
        RAISE EXCEPTION 'decoration lines sum to %, agreed is %', planned_decoration, decoration
            USING ERRCODE = '23514', CONSTRAINT = 'decoration_sum';
    END IF;
    RETURN NULL;
END $$"""

#: Only ownership by shares has shares; they sum to 100.00.
_CHECK_SHARES = """
CREATE OR REPLACE FUNCTION anchang_share_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE shares numeric; owned text; pid bigint; did bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN pid := OLD.project_id; did := OLD.deal_id;
    ELSE pid := NEW.project_id; did := NEW.deal_id;
    END IF;
    SELECT ownership INTO owned FROM deals_deal WHERE project_id = pid AND id = did;
    IF owned = 'shares' THEN
        SELECT sum(share) INTO shares FROM deals_buyer
         WHERE project_id = pid AND deal_id = did AND deleted_at IS NULL;
        IF shares IS DISTINCT FROM 100.00 THEN
            RAISE EXCEPTION 'shares sum to %', shares USING ERRCODE = '23514', CONSTRAINT = 'shares_sum';
        END IF;
    END IF;
    RETURN NULL;
END $$"""

PLAN_SQL = (_CHECK_PLAN, at_commit("anchang_plan_sum", "deals_planline", "INSERT", "anchang_plan_sum()"))
SUBSCRIPTION_SQL = (
    _CHECK_PLAN,
    at_commit(
        "anchang_plan_sum", "deals_subscription", "INSERT OR UPDATE OF total, state", "anchang_plan_sum()"
    ),
)
CONTRACT_SQL = (
    _CHECK_PLAN,
    at_commit("anchang_plan_sum", "deals_contract", "INSERT OR UPDATE OF total, state", "anchang_plan_sum()"),
)
BUYER_SQL = (
    _CHECK_SHARES,
    at_commit("anchang_share_sum", "deals_buyer", "INSERT OR UPDATE OR DELETE", "anchang_share_sum()"),
)
