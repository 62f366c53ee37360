"""What the database refuses about bank lines: what explains a line follows its matches; no receipt or refund is
found in the bank for more than its amount, whoever races."""

_EXPLAIN = """
CREATE OR REPLACE FUNCTION anchang_explain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE finance_bankline t SET explained = t.explained + s.amount
      FROM (SELECT project_id, line_id AS id, sum(amount) AS amount FROM fresh GROUP BY 1, 2) s
     WHERE t.project_id = s.project_id AND t.id = s.id;
    PERFORM FROM finance_receipt t JOIN fresh f ON t.project_id = f.project_id AND t.id = f.receipt_id
      ORDER BY t.id FOR NO KEY UPDATE OF t;
    PERFORM FROM finance_refund t JOIN fresh f ON t.project_id = f.project_id AND t.id = f.refund_id
      ORDER BY t.id FOR NO KEY UPDATE OF t;
    IF EXISTS (
        SELECT FROM finance_bankmatch m JOIN finance_receipt t ON t.project_id = m.project_id AND t.id = m.receipt_id
         WHERE (m.project_id, m.receipt_id) IN (SELECT project_id, receipt_id FROM fresh)
         GROUP BY t.id, t.amount, m.source HAVING sum(m.amount) NOT BETWEEN 0 AND greatest(t.amount, 0)
    ) OR EXISTS (
        SELECT FROM finance_bankmatch m JOIN finance_refund t ON t.project_id = m.project_id AND t.id = m.refund_id
         WHERE (m.project_id, m.refund_id) IN (SELECT project_id, refund_id FROM fresh)
         GROUP BY t.id, t.amount, m.source HAVING -sum(m.amount) NOT BETWEEN 0 AND t.amount
    ) THEN
        RAISE EXCEPTION 'found in the bank for more than it is'
            USING ERRCODE = '23514', CONSTRAINT = 'bank_match_cover';
    END IF;
    RETURN NULL;
END $$"""

#: Depth 1 is the caller's own statement; the matches' trigger updates from depth 1 and lands here at 2.
_EXPLAINED_BY_MATCHES = """
CREATE OR REPLACE FUNCTION anchang_explained_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP = 'INSERT' AND NEW.explained <> 0)
       OR (TG_OP = 'UPDATE' AND NEW.explained IS DISTINCT FROM OLD.explained AND pg_trigger_depth() < 2) THEN
        RAISE EXCEPTION 'explained follows the matches'
            USING ERRCODE = '23514', CONSTRAINT = 'explained_by_matches';
    END IF;
    RETURN NEW;
END $$"""

LINE_SQL = (
    _EXPLAINED_BY_MATCHES,
    "CREATE OR REPLACE TRIGGER anchang_explained BEFORE INSERT OR UPDATE ON finance_bankline "
    "FOR EACH ROW EXECUTE FUNCTION anchang_explained_guard()",
)
MATCH_SQL = (
    _EXPLAIN,
    "DROP TRIGGER IF EXISTS anchang_explain ON finance_bankmatch",
    "CREATE TRIGGER anchang_explain AFTER INSERT ON finance_bankmatch REFERENCING NEW TABLE AS fresh "
    "FOR EACH STATEMENT EXECUTE FUNCTION anchang_explain()",
)

#: A closed month takes no more receipts, no ledger rows and no paid refunds: corrections stand in a later one.
_PERIOD_OPEN = """
CREATE OR REPLACE FUNCTION anchang_period_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE booked date;
BEGIN
    IF TG_TABLE_NAME = 'finance_refund' THEN booked := NEW.paid_on; ELSE booked := NEW.business_date; END IF;
    IF booked <= (SELECT max(last_day) FROM finance_periodclose WHERE project_id = NEW.project_id) THEN
        RAISE EXCEPTION 'the period is closed' USING ERRCODE = '23514', CONSTRAINT = 'period_closed';
    END IF;
    RETURN NEW;
END $$"""

PERIOD_SQL = (
    _PERIOD_OPEN,
    *(
        f"CREATE OR REPLACE TRIGGER anchang_period_open BEFORE INSERT ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION anchang_period_open()"
        for table in ("finance_receipt", "finance_allocation")
    ),
    "CREATE OR REPLACE TRIGGER anchang_period_open BEFORE UPDATE OF paid_on ON finance_refund "
    "FOR EACH ROW WHEN (NEW.paid_on IS DISTINCT FROM OLD.paid_on) EXECUTE FUNCTION anchang_period_open()",
)
