"""What the database itself refuses about invoices and marketing expenses."""

from __future__ import annotations

from anchang.deals.models.sums import at_commit

#: Σ invoices of a deal ≤ money received for it less refunds paid; a red-letter one takes back at most its original.
#: The deal's row serialises two invoices.
_INVOICED = """
CREATE OR REPLACE FUNCTION anchang_invoiced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE invoiced numeric; got numeric; back numeric; was record; taken numeric;
BEGIN
    IF TG_TABLE_NAME = 'finance_invoice' THEN
        PERFORM 1 FROM deals_deal WHERE project_id = NEW.project_id AND id = NEW.deal_id FOR NO KEY UPDATE;
        IF NEW.red_of_id IS NOT NULL THEN
            SELECT amount, deal_id, kind, red_of_id INTO was FROM finance_invoice
             WHERE project_id = NEW.project_id AND id = NEW.red_of_id;
            SELECT coalesce(sum(amount), 0) INTO taken FROM finance_invoice
             WHERE project_id = NEW.project_id AND red_of_id = NEW.red_of_id;
            IF was.red_of_id IS NOT NULL OR was.deal_id <> NEW.deal_id OR was.amount + taken < 0 THEN
                RAISE EXCEPTION 'more taken back than invoiced'
                    USING ERRCODE = '23514', CONSTRAINT = 'invoice_red';
            END IF;
            RETURN NULL;
        END IF;
    END IF;
    SELECT coalesce(sum(amount), 0) INTO invoiced FROM finance_invoice
     WHERE project_id = NEW.project_id AND deal_id = NEW.deal_id;
    IF invoiced = 0 THEN RETURN NULL; END IF;
    SELECT coalesce(sum(amount), 0) INTO got FROM finance_receipt
     WHERE project_id = NEW.project_id AND deal_id = NEW.deal_id AND kind <> 'agency' AND state <> 'draft';
    SELECT coalesce(sum(amount), 0) INTO back FROM finance_refund
     WHERE project_id = NEW.project_id AND deal_id = NEW.deal_id AND kind = 'return' AND state = 'paid';
    IF invoiced > got - back THEN
        RAISE EXCEPTION 'invoiced %, received %', invoiced, got - back
            USING ERRCODE = '23514', CONSTRAINT = 'invoice_over_received';
    END IF;
    RETURN NULL;
END $$"""

INVOICE_SQL = (
    _INVOICED,
    "CREATE OR REPLACE TRIGGER anchang_invoiced AFTER INSERT ON finance_invoice "
    "FOR EACH ROW EXECUTE FUNCTION anchang_invoiced()",
    "CREATE OR REPLACE TRIGGER anchang_invoiced AFTER INSERT ON finance_receipt "
    "FOR EACH ROW WHEN (NEW.amount < 0) EXECUTE FUNCTION anchang_invoiced()",
    "CREATE OR REPLACE TRIGGER anchang_invoiced AFTER UPDATE OF state ON finance_refund "
    "FOR EACH ROW WHEN (NEW.state = 'paid') EXECUTE FUNCTION anchang_invoiced()",
)

#: A receipt is exchanged for at most its amount, an invoice names at most its own; both of one deal.
_EXCHANGED = """
CREATE OR REPLACE FUNCTION anchang_exchanged() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r record; i record; of_receipt numeric; of_invoice numeric;
BEGIN
    SELECT amount, deal_id INTO r FROM finance_receipt
     WHERE project_id = NEW.project_id AND id = NEW.receipt_id FOR NO KEY UPDATE;
    SELECT amount, deal_id INTO i FROM finance_invoice WHERE project_id = NEW.project_id AND id = NEW.invoice_id;
    SELECT coalesce(sum(amount), 0) INTO of_receipt FROM finance_invoicereceipt
     WHERE project_id = NEW.project_id AND receipt_id = NEW.receipt_id;
    SELECT coalesce(sum(amount), 0) INTO of_invoice FROM finance_invoicereceipt
     WHERE project_id = NEW.project_id AND invoice_id = NEW.invoice_id;
    IF r.deal_id <> i.deal_id OR of_receipt < 0 OR of_receipt > r.amount OR abs(of_invoice) > abs(i.amount)
       OR sign(NEW.amount) <> sign(i.amount) THEN
        RAISE EXCEPTION 'receipt % exchanged for %', r.amount, of_receipt
            USING ERRCODE = '23514', CONSTRAINT = 'invoice_exchange';
    END IF;
    RETURN NULL;
END $$"""

EXCHANGE_SQL = (
    _EXCHANGED,
    "CREATE OR REPLACE TRIGGER anchang_exchanged AFTER INSERT ON finance_invoicereceipt "
    "FOR EACH ROW EXECUTE FUNCTION anchang_exchanged()",
)

#: Approved plans of a year and subject ≤ its approved target, those above it (approved as such) left out.
_PLAN = """
CREATE OR REPLACE FUNCTION anchang_expense_plan() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE planned numeric; target numeric;
BEGIN
    IF NEW.state <> 'approved' OR NEW.over_target OR NEW.deleted_at IS NOT NULL THEN RETURN NULL; END IF;
    SELECT amount INTO target FROM finance_expensetarget
     WHERE project_id = NEW.project_id AND subject_id = NEW.subject_id AND state = 'approved'
       AND year = extract(year FROM NEW.month) AND deleted_at IS NULL FOR SHARE;
    SELECT sum(amount) INTO planned FROM finance_expenseplan
     WHERE project_id = NEW.project_id AND subject_id = NEW.subject_id AND state = 'approved'
       AND NOT over_target AND deleted_at IS NULL
       AND date_trunc('year', month) = date_trunc('year', NEW.month);
    IF target IS NULL OR planned > target THEN
        RAISE EXCEPTION 'planned %, target %', planned, target
            USING ERRCODE = '23514', CONSTRAINT = 'expense_over_target';
    END IF;
    RETURN NULL;
END $$"""

PLAN_SQL = (
    _PLAN,
    at_commit("anchang_expense_plan", "finance_expenseplan", "INSERT OR UPDATE", "anchang_expense_plan()"),
)

#: `incurred` and `paid` are written by the triggers of expenses and payments alone.
_KEPT = """
CREATE OR REPLACE FUNCTION anchang_expense_sums() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kept text[] := TG_ARGV; name text;
BEGIN
    FOREACH name IN ARRAY kept LOOP
        IF (TG_OP = 'INSERT' AND (to_jsonb(NEW) ->> name)::numeric <> 0)
           OR (TG_OP = 'UPDATE' AND to_jsonb(NEW) -> name IS DISTINCT FROM to_jsonb(OLD) -> name
               AND pg_trigger_depth() < 2) THEN
            RAISE EXCEPTION '% follows the payments', name
                USING ERRCODE = '23514', CONSTRAINT = 'expense_sums';
        END IF;
    END LOOP;
    RETURN NEW;
END $$"""

CONTRACT_SQL = (
    _KEPT,
    "CREATE OR REPLACE TRIGGER anchang_expense_sums BEFORE INSERT OR UPDATE ON finance_marketingcontract "
    "FOR EACH ROW EXECUTE FUNCTION anchang_expense_sums('incurred', 'paid')",
)

_INCURRED = """
CREATE OR REPLACE FUNCTION anchang_expense_incurred() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was numeric := 0; now_is numeric := 0;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state <> 'voided' AND OLD.deleted_at IS NULL THEN was := OLD.amount; END IF;
    IF NEW.state <> 'voided' AND NEW.deleted_at IS NULL THEN now_is := NEW.amount; END IF;
    IF TG_OP = 'UPDATE' AND OLD.contract_id IS DISTINCT FROM NEW.contract_id THEN
        UPDATE finance_marketingcontract SET incurred = incurred - was
         WHERE project_id = OLD.project_id AND id = OLD.contract_id;
        was := 0;
    END IF;
    IF NEW.contract_id IS NOT NULL AND was <> now_is THEN
        UPDATE finance_marketingcontract SET incurred = incurred + now_is - was
         WHERE project_id = NEW.project_id AND id = NEW.contract_id;
    END IF;
    RETURN NULL;
END $$"""

EXPENSE_SQL = (
    _KEPT,
    "CREATE OR REPLACE TRIGGER anchang_expense_sums BEFORE INSERT OR UPDATE ON finance_expense "
    "FOR EACH ROW EXECUTE FUNCTION anchang_expense_sums('paid')",
    _INCURRED,
    "CREATE OR REPLACE TRIGGER anchang_expense_incurred AFTER INSERT OR UPDATE ON finance_expense "
    "FOR EACH ROW EXECUTE FUNCTION anchang_expense_incurred()",
)

_PAID = """
CREATE OR REPLACE FUNCTION anchang_expense_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM finance_expensepayment p WHERE p.project_id = NEW.project_id AND p.id = NEW.reverses_id
           AND p.expense_id = NEW.expense_id AND p.amount = -NEW.amount) THEN
        RAISE EXCEPTION 'a reversal mirrors its payment'
            USING ERRCODE = '23514', CONSTRAINT = 'expense_payment_mirror';
    END IF;
    UPDATE finance_expense SET paid = paid + NEW.amount
     WHERE project_id = NEW.project_id AND id = NEW.expense_id;
    UPDATE finance_marketingcontract c SET paid = c.paid + NEW.amount FROM finance_expense e
     WHERE e.project_id = NEW.project_id AND e.id = NEW.expense_id
       AND c.project_id = e.project_id AND c.id = e.contract_id;
    RETURN NULL;
END $$"""

PAYMENT_SQL = (
    _PAID,
    "CREATE OR REPLACE TRIGGER anchang_expense_paid AFTER INSERT ON finance_expensepayment "
    "FOR EACH ROW EXECUTE FUNCTION anchang_expense_paid()",
)
