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
                  AND NOT EXISTS (SELECT FROM affairs_stepdone x WHERE x.project_id = s.project_id
                                     AND x.subscription_id = NEW.subscription_id AND x.step_id = s.id)) THEN
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
          WHERE x.project_id = pid AND x.subscription_id = sub LIMIT 1),
        (SELECT id FROM affairs_signingprocedure
          WHERE project_id = pid AND state = 'active' AND deleted_at IS NULL))
$$"""

CONTRACT_SQL = (
    _PROCEDURE_OF,
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
                     AND NOT EXISTS (SELECT FROM affairs_stepdone x WHERE x.project_id = s.project_id
                                        AND x.subscription_id = NEW.subscription_id AND x.step_id = s.id)) THEN
        RAISE EXCEPTION 'a step before it is open'
            USING ERRCODE = '23514', CONSTRAINT = 'step_in_order';
    END IF;
    RETURN NEW;
END $$"""

DONE_SQL = (
    _PROCEDURE_OF,
    _DONE,
    "CREATE OR REPLACE TRIGGER anchang_step_done BEFORE INSERT ON affairs_stepdone "
    "FOR EACH ROW EXECUTE FUNCTION anchang_step_done()",
)
