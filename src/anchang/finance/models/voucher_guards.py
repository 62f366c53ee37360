"""What the database itself refuses about vouchers and their templates."""

from __future__ import annotations

from anchang.deals.models.sums import at_commit

#: A changed template is out of use until it has been checked again. The check itself only sets `state`.
_TEMPLATE_CHANGED = """
CREATE OR REPLACE FUNCTION anchang_template_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'in_use' AND (NEW.event, NEW.word) IS DISTINCT FROM (OLD.event, OLD.word) THEN
        NEW.state := 'draft';
    END IF;
    RETURN NEW;
END $$"""

TEMPLATE_SQL = (
    _TEMPLATE_CHANGED,
    "CREATE OR REPLACE TRIGGER anchang_template_changed BEFORE UPDATE ON finance_vouchertemplate "
    "FOR EACH ROW EXECUTE FUNCTION anchang_template_changed()",
)

_LINE_CHANGED = """
CREATE OR REPLACE FUNCTION anchang_template_line_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE finance_vouchertemplate SET state = 'draft'
     WHERE state = 'in_use' AND (project_id, id) IN (SELECT (coalesce(NEW, OLD)).project_id,
           (coalesce(NEW, OLD)).template_id UNION SELECT OLD.project_id, OLD.template_id);
    RETURN NULL;
END $$"""

TEMPLATE_LINE_SQL = (
    _LINE_CHANGED,
    "CREATE OR REPLACE TRIGGER anchang_template_line_changed AFTER INSERT OR UPDATE OR DELETE "
    "ON finance_vouchertemplateline FOR EACH ROW EXECUTE FUNCTION anchang_template_line_changed()",
)

#: A new voucher goes to an open period, as the next of its word there. The period's row stays locked against
#: closing until the end.
_VOUCHER_NEW = """
CREATE OR REPLACE FUNCTION anchang_voucher_new() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE p record; last bigint;
BEGIN
    SELECT state, month INTO p FROM finance_accountingperiod
     WHERE project_id = NEW.project_id AND id = NEW.period_id FOR SHARE;
    IF p.state <> 'open' OR date_trunc('month', NEW.voucher_date)::date <> p.month THEN
        RAISE EXCEPTION 'the period takes no such voucher' USING ERRCODE = '23514', CONSTRAINT = 'voucher_period';
    END IF;
    SELECT max(seq) INTO last FROM finance_voucher
     WHERE project_id = NEW.project_id AND period_id = NEW.period_id AND word = NEW.word;
    IF NEW.seq <> coalesce(last, 0) + 1 THEN
        RAISE EXCEPTION 'voucher % after %', NEW.seq, last USING ERRCODE = '23514', CONSTRAINT = 'voucher_gap';
    END IF;
    RETURN NEW;
END $$"""

_VOUCHER_STAYS = """
CREATE OR REPLACE FUNCTION anchang_voucher_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a voucher keeps its number and is never deleted'
        USING ERRCODE = '23514', CONSTRAINT = 'voucher_gap';
END $$"""

_BALANCE = """
CREATE OR REPLACE FUNCTION anchang_voucher_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE pid bigint; vid bigint; v record; s record;
BEGIN
    IF TG_TABLE_NAME = 'finance_voucher' THEN pid := NEW.project_id; vid := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN pid := OLD.project_id; vid := OLD.voucher_id;
    ELSE pid := NEW.project_id; vid := NEW.voucher_id;
    END IF;
    SELECT state, total INTO v FROM finance_voucher WHERE project_id = pid AND id = vid;
    -- Gone with its lines: only a draft can be.
    IF NOT FOUND OR v.state = 'draft' THEN RETURN NULL; END IF;
    SELECT coalesce(sum(debit), 0) AS debit, coalesce(sum(credit), 0) AS credit, count(*) AS n INTO s
      FROM finance_voucherline WHERE project_id = pid AND voucher_id = vid;
    IF s.n < 2 OR s.debit <> s.credit OR s.debit <> v.total THEN
        RAISE EXCEPTION 'voucher of %: debit %, credit %', v.total, s.debit, s.credit
            USING ERRCODE = '23514', CONSTRAINT = 'voucher_balance';
    END IF;
    RETURN NULL;
END $$"""

VOUCHER_SQL = (
    _VOUCHER_NEW,
    "CREATE OR REPLACE TRIGGER anchang_voucher_new BEFORE INSERT ON finance_voucher "
    "FOR EACH ROW EXECUTE FUNCTION anchang_voucher_new()",
    _VOUCHER_STAYS,
    "CREATE OR REPLACE TRIGGER anchang_voucher_stays BEFORE UPDATE ON finance_voucher FOR EACH ROW "
    "WHEN ((OLD.project_id, OLD.period_id, OLD.word, OLD.seq, OLD.number, OLD.event, OLD.source_id) IS DISTINCT FROM "
    "(NEW.project_id, NEW.period_id, NEW.word, NEW.seq, NEW.number, NEW.event, NEW.source_id)) "
    "EXECUTE FUNCTION anchang_voucher_stays()",
    "CREATE OR REPLACE TRIGGER anchang_voucher_kept BEFORE DELETE ON finance_voucher FOR EACH ROW "
    "EXECUTE FUNCTION anchang_voucher_stays()",
    _BALANCE,
    at_commit(
        "anchang_voucher_balance", "finance_voucher", "INSERT OR UPDATE OF total, state",
        "anchang_voucher_balance()",
    ),
)  # fmt: skip

_LINE_OF_EXPORTED = """
CREATE OR REPLACE FUNCTION anchang_voucher_line_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE held text; pid bigint; vid bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN pid := OLD.project_id; vid := OLD.voucher_id;
    ELSE pid := NEW.project_id; vid := NEW.voucher_id;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.voucher_id <> NEW.voucher_id THEN
        RAISE EXCEPTION 'a line stays with its voucher' USING ERRCODE = '23514', CONSTRAINT = 'voucher_exported';
    END IF;
    SELECT state INTO held FROM finance_voucher WHERE project_id = pid AND id = vid FOR SHARE;
    IF held = 'exported' THEN
        RAISE EXCEPTION 'an exported voucher never changes'
            USING ERRCODE = '23514', CONSTRAINT = 'voucher_exported';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$"""

LINE_SQL = (
    _LINE_OF_EXPORTED,
    "CREATE OR REPLACE TRIGGER anchang_voucher_line_open BEFORE INSERT OR UPDATE OR DELETE ON finance_voucherline "
    "FOR EACH ROW EXECUTE FUNCTION anchang_voucher_line_open()",
    _BALANCE,
    at_commit(
        "anchang_voucher_balance", "finance_voucherline", "INSERT OR UPDATE OR DELETE",
        "anchang_voucher_balance()",
    ),
)  # fmt: skip
