"""What the database itself refuses about pay: nothing enters, leaves or changes a closed statement, and a statement
closes only on the sum of its lines. What a settled line says is frozen by the model's metadata."""

from __future__ import annotations

from anchang.deals.models.sums import at_commit

#: A line joins or leaves open statements only; settled it can only be paid.
_LINE = """
CREATE OR REPLACE FUNCTION anchang_commission_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state IN ('settled', 'paid') THEN
        IF NEW.state <> 'paid' AND NEW.state <> OLD.state THEN
            RAISE EXCEPTION 'a settled line is only paid' USING ERRCODE = '23514', CONSTRAINT = 'line_settled';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.statement_id IS NOT NULL THEN
        SELECT state INTO found FROM commission_statement
         WHERE project_id = NEW.project_id AND id = NEW.statement_id;
        IF found IS DISTINCT FROM 'open' THEN
            RAISE EXCEPTION 'the statement is closed' USING ERRCODE = '23514', CONSTRAINT = 'statement_closed';
        END IF;
    END IF;
    RETURN NEW;
END $$"""

_STATE = """
CREATE OR REPLACE FUNCTION anchang_statement_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('open', 'closed'), ('closed', 'paid')) THEN
        RAISE EXCEPTION 'a statement does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = '23514', CONSTRAINT = 'statement_closed';
    END IF;
    RETURN NEW;
END $$"""

_SUM = """
CREATE OR REPLACE FUNCTION anchang_statement_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total numeric; open_lines bigint;
BEGIN
    IF NEW.state = 'open' THEN RETURN NULL; END IF;
    SELECT coalesce(sum(amount), 0), count(*) FILTER (WHERE state NOT IN ('settled', 'paid'))
      INTO total, open_lines
      FROM commission_line WHERE project_id = NEW.project_id AND statement_id = NEW.id;
    IF open_lines > 0 OR total <> NEW.lines_total OR NEW.lines_total <> NEW.earned - NEW.taken_back
       OR NEW.to_pay + NEW.carry_on <> NEW.lines_total + NEW.carried THEN
        RAISE EXCEPTION 'the lines sum to %, the statement to %', total, NEW.lines_total
            USING ERRCODE = '23514', CONSTRAINT = 'statement_sum';
    END IF;
    RETURN NULL;
END $$"""

STATEMENT_SQL = (
    _STATE,
    "CREATE OR REPLACE TRIGGER anchang_statement_state BEFORE UPDATE OF state ON commission_statement "
    "FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION anchang_statement_state()",
    _SUM,
    at_commit("anchang_statement_sum", "commission_statement", "INSERT OR UPDATE", "anchang_statement_sum()"),
)
LINE_SQL = (
    _LINE,
    "CREATE OR REPLACE TRIGGER anchang_commission_line BEFORE INSERT OR UPDATE ON commission_line "
    "FOR EACH ROW EXECUTE FUNCTION anchang_commission_line()",
)
