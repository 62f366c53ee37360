"""What the database itself refuses before a contract is made."""

from __future__ import annotations

#: No contract is made over an open, returned or own check, nor before every step of its procedure is done. The paper
#: of an exchanged contract follows the approved exchange; versions after the first follow the first.
_CONTRACT = """
CREATE OR REPLACE FUNCTION anchang_contract_checked() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE newest record; proc bigint;
BEGIN
    IF NEW.subscription_id IS NULL OR NEW.revision > 1 THEN RETURN NEW; END IF;
    IF EXISTS (SELECT FROM deals_deal d JOIN deals_contract c
                   ON c.project_id = d.project_id AND c.deal_id = d.previous_id AND c.state = 'terminated'
                WHERE d.project_id = NEW.project_id AND d.id = NEW.deal_id) THEN RETURN NEW; END IF;
    SELECT state, decided_by_id INTO newest FROM affairs_signingcheck
     WHERE project_id = NEW.project_id AND subscription_id = NEW.subscription_id AND deleted_at IS NULL
     ORDER BY id DESC LIMIT 1;
    IF FOUND AND (newest.state <> 'confirmed' OR newest.decided_by_id = NEW.created_by_id) THEN
        RAISE EXCEPTION 'the signing check is %', newest.state
            USING ERRCODE = '23514', CONSTRAINT = 'contract_checked';
    END IF;
    proc := anchang_procedure_of(NEW.project_id, NEW.subscription_id);
    IF EXISTS (SELECT FROM affairs_procedurestep s
                WHERE s.project_id = NEW.project_id AND s.procedure_id = proc AND s.deleted_at IS NULL
                  AND NOT anchang_step_stands(s.project_id, NEW.subscription_id, s.id)) THEN
        RAISE EXCEPTION 'steps before signing are open'
            USING ERRCODE = '23514', CONSTRAINT = 'contract_steps_done';
    END IF;
    RETURN NEW;
END $$"""

#: The procedure that a subscription has begun, else the one in use.
_PROCEDURE_OF = """
CREATE OR REPLACE FUNCTION anchang_procedure_of(pid bigint, sub bigint) RETURNS bigint LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        (SELECT s.procedure_id FROM affairs_stepdone x
           JOIN affairs_procedurestep s ON s.project_id = x.project_id AND s.id = x.step_id
          WHERE x.project_id = pid AND x.subscription_id = sub
            AND NOT EXISTS (SELECT FROM affairs_stepback b WHERE b.project_id = pid AND b.done_id = x.id) LIMIT 1),
        (SELECT id FROM affairs_signingprocedure
          WHERE project_id = pid AND state = 'active' AND deleted_at IS NULL))
$$"""

#: A step that was done and not taken back.
_STANDS = """
CREATE OR REPLACE FUNCTION anchang_step_stands(pid bigint, sub bigint, step bigint) RETURNS boolean LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM affairs_stepdone x
                    WHERE x.project_id = pid AND x.subscription_id = sub AND x.step_id = step
                      AND NOT EXISTS (SELECT FROM affairs_stepback b WHERE b.project_id = pid AND b.done_id = x.id))
$$"""

CONTRACT_SQL = (
    _PROCEDURE_OF,
    _STANDS,
    _CONTRACT,
    "CREATE OR REPLACE TRIGGER anchang_contract_checked BEFORE INSERT ON deals_contract "
    "FOR EACH ROW EXECUTE FUNCTION anchang_contract_checked()",
)

#: Steps change only while their procedure is a draft.
_STEP = """
CREATE OR REPLACE FUNCTION anchang_procedure_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    pid bigint := coalesce(NEW.project_id, OLD.project_id);
    proc bigint := coalesce(NEW.procedure_id, OLD.procedure_id);
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.procedure_id <> OLD.procedure_id
       OR (SELECT state FROM affairs_signingprocedure WHERE project_id = pid AND id = proc) <> 'draft' THEN
        RAISE EXCEPTION 'steps of a procedure in use cannot change'
            USING ERRCODE = '23514', CONSTRAINT = 'procedure_step_frozen';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$"""

STEP_SQL = (
    _STEP,
    "CREATE OR REPLACE TRIGGER anchang_procedure_step BEFORE INSERT OR UPDATE OR DELETE ON affairs_procedurestep "
    "FOR EACH ROW EXECUTE FUNCTION anchang_procedure_step()",
)

#: A step follows the one before it in the same procedure, and a subscription has one procedure.
_DONE = """
CREATE OR REPLACE FUNCTION anchang_step_done() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE mine record;
BEGIN
    PERFORM 1 FROM deals_subscription WHERE project_id = NEW.project_id AND id = NEW.subscription_id
        FOR NO KEY UPDATE;
    SELECT procedure_id, seq INTO mine FROM affairs_procedurestep
     WHERE project_id = NEW.project_id AND id = NEW.step_id;
    IF mine.procedure_id IS DISTINCT FROM anchang_procedure_of(NEW.project_id, NEW.subscription_id)
       OR EXISTS (SELECT FROM affairs_procedurestep s
                   WHERE s.project_id = NEW.project_id AND s.procedure_id = mine.procedure_id AND s.seq < mine.seq
                     AND s.deleted_at IS NULL
                     AND NOT anchang_step_stands(s.project_id, NEW.subscription_id, s.id)) THEN
        RAISE EXCEPTION 'a step before it is open'
            USING ERRCODE = '23514', CONSTRAINT = 'step_in_order';
    END IF;
    IF anchang_step_stands(NEW.project_id, NEW.subscription_id, NEW.step_id) THEN
        RAISE EXCEPTION 'the step is done' USING ERRCODE = '23514', CONSTRAINT = 'step_done_once';
    END IF;
    RETURN NEW;
END $$"""

DONE_SQL = (
    _PROCEDURE_OF,
    _STANDS,
    _DONE,
    "CREATE OR REPLACE TRIGGER anchang_step_done BEFORE INSERT ON affairs_stepdone "
    "FOR EACH ROW EXECUTE FUNCTION anchang_step_done()",
)

#: Only the last step that stands is taken back, and none once there is a contract.
_BACK = """
CREATE OR REPLACE FUNCTION anchang_step_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE sub bigint; mine record; paper text;
BEGIN
    SELECT x.subscription_id, s.procedure_id, s.seq INTO mine FROM affairs_stepdone x
      JOIN affairs_procedurestep s ON s.project_id = x.project_id AND s.id = x.step_id
     WHERE x.project_id = NEW.project_id AND x.id = NEW.done_id;
    sub := mine.subscription_id;
    SELECT state INTO paper FROM deals_subscription WHERE project_id = NEW.project_id AND id = sub FOR NO KEY UPDATE;
    IF paper = 'signed'
       OR EXISTS (SELECT FROM affairs_procedurestep s WHERE s.project_id = NEW.project_id
                     AND s.procedure_id = mine.procedure_id AND s.seq > mine.seq
                     AND anchang_step_stands(s.project_id, sub, s.id)) THEN
        RAISE EXCEPTION 'a later step stands, or the contract is made'
            USING ERRCODE = '23514', CONSTRAINT = 'step_back_last';
    END IF;
    RETURN NEW;
END $$"""

BACK_SQL = (
    _STANDS,
    _BACK,
    "CREATE OR REPLACE TRIGGER anchang_step_back BEFORE INSERT ON affairs_stepback "
    "FOR EACH ROW EXECUTE FUNCTION anchang_step_back()",
)
