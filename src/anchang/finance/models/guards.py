"""What the database itself refuses about money. `allocated` of receipts, receivables and refunds is written
by the ledger's trigger alone, so each always equals the sum of its allocations, and CHECKs bound it."""

from __future__ import annotations

from anchang.deals.models.sums import at_commit

_ALLOCATE = """
CREATE OR REPLACE FUNCTION anchang_allocate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE finance_receivable t SET allocated = t.allocated + s.amount
      FROM (SELECT project_id, receivable_id AS id, sum(amount) AS amount FROM fresh
             WHERE receivable_id IS NOT NULL GROUP BY 1, 2) s
     WHERE t.project_id = s.project_id AND t.id = s.id;
    UPDATE finance_refund t SET allocated = t.allocated + s.amount
      FROM (SELECT project_id, refund_id AS id, sum(amount) AS amount FROM fresh
             WHERE refund_id IS NOT NULL GROUP BY 1, 2) s
     WHERE t.project_id = s.project_id AND t.id = s.id;
    UPDATE finance_receipt t SET allocated = t.allocated + s.amount
      FROM (SELECT project_id, receipt_id AS id, sum(amount) AS amount FROM fresh GROUP BY 1, 2) s
     WHERE t.project_id = s.project_id AND t.id = s.id;
    RETURN NULL;
END $$"""

#: Depth 1 is the caller's own statement; the ledger's trigger updates from depth 1 and lands here at 2.
_ALLOCATED_ONLY_BY_LEDGER = """
CREATE OR REPLACE FUNCTION anchang_allocated_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP = 'INSERT' AND NEW.allocated <> 0)
       OR (TG_OP = 'UPDATE' AND NEW.allocated IS DISTINCT FROM OLD.allocated AND pg_trigger_depth() < 2) THEN
        RAISE EXCEPTION 'allocated follows the ledger'
            USING ERRCODE = '23514', CONSTRAINT = 'allocated_by_ledger';
    END IF;
    RETURN NEW;
END $$"""


def _allocated_guard(table: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER anchang_allocated BEFORE INSERT OR UPDATE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION anchang_allocated_guard()"
    )


ALLOCATION_SQL = (
    _ALLOCATE,
    "DROP TRIGGER IF EXISTS anchang_allocate ON finance_allocation",
    "CREATE TRIGGER anchang_allocate AFTER INSERT ON finance_allocation REFERENCING NEW TABLE AS fresh "
    "FOR EACH STATEMENT EXECUTE FUNCTION anchang_allocate()",
)

#: A closed day of a cashier takes no more receipts, whoever writes them.
_DAY_OPEN = """
CREATE OR REPLACE FUNCTION anchang_day_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM finance_dayclose WHERE project_id = NEW.project_id AND day = NEW.business_date
                 AND cashier_id = NEW.cashier_id) THEN
        RAISE EXCEPTION 'the day is closed' USING ERRCODE = '23514', CONSTRAINT = 'day_closed';
    END IF;
    RETURN NEW;
END $$"""

_RECEIPT_STATE = """
CREATE OR REPLACE FUNCTION anchang_receipt_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('draft', 'posted'), ('posted', 'day_closed'), ('posted', 'reversed'),
                                      ('day_closed', 'reversed')) THEN
        RAISE EXCEPTION 'a receipt does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = '23514', CONSTRAINT = 'receipt_state_move';
    END IF;
    RETURN NEW;
END $$"""

#: Reversed receipt and mirror come together, with opposite amounts on the same deal.
_MIRROR = """
CREATE OR REPLACE FUNCTION anchang_mirror() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE original bigint;
BEGIN
    original := coalesce(NEW.reverses_id, NEW.id);
    IF (NEW.reverses_id IS NOT NULL OR NEW.state = 'reversed') AND NOT EXISTS (
        SELECT FROM finance_receipt o JOIN finance_receipt m
            ON m.project_id = o.project_id AND m.reverses_id = o.id
         WHERE o.project_id = NEW.project_id AND o.id = original AND o.state = 'reversed'
           AND o.amount = -m.amount AND o.deal_id = m.deal_id AND o.way = m.way) THEN
        RAISE EXCEPTION 'a reversal needs its mirror' USING ERRCODE = '23514', CONSTRAINT = 'receipt_mirror';
    END IF;
    RETURN NULL;
END $$"""

RECEIPT_SQL = (
    _ALLOCATED_ONLY_BY_LEDGER,
    _allocated_guard("finance_receipt"),
    _DAY_OPEN,
    "CREATE OR REPLACE TRIGGER anchang_day_open BEFORE INSERT ON finance_receipt "
    "FOR EACH ROW EXECUTE FUNCTION anchang_day_open()",
    _RECEIPT_STATE,
    "CREATE OR REPLACE TRIGGER anchang_receipt_state BEFORE UPDATE OF state ON finance_receipt "
    "FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION anchang_receipt_state()",
    _MIRROR,
    at_commit("anchang_mirror", "finance_receipt", "INSERT OR UPDATE OF state", "anchang_mirror()"),
)

#: House receivables in force sum to the total of the contract in force.
_HOUSE_SUM = """
CREATE OR REPLACE FUNCTION anchang_house_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE con bigint; pid bigint := NEW.project_id; owed numeric; paper record;
BEGIN
    IF TG_TABLE_NAME = 'deals_contract' THEN con := NEW.id; ELSE con := NEW.contract_id; END IF;
    IF con IS NULL THEN RETURN NULL; END IF;
    SELECT total, state INTO paper FROM deals_contract WHERE project_id = pid AND id = con;
    IF paper.state NOT IN ('signed', 'filed', 'delivered', 'titled', 'change_pending', 'terminating') THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(sum(amount), 0) INTO owed FROM finance_receivable
     WHERE project_id = pid AND contract_id = con AND house AND NOT voided;
    IF owed <> paper.total THEN
        RAISE EXCEPTION 'receivables sum to %, the contract to %', owed, paper.total
            USING ERRCODE = '23514', CONSTRAINT = 'receivable_sum';
    END IF;
    RETURN NULL;
END $$"""

RECEIVABLE_SQL = (
    _ALLOCATED_ONLY_BY_LEDGER,
    _allocated_guard("finance_receivable"),
    _HOUSE_SUM,
    at_commit(
        "anchang_house_sum", "finance_receivable", "INSERT OR UPDATE OF amount, voided, contract_id, house",
        "anchang_house_sum()",
    ),
    at_commit("anchang_house_sum", "deals_contract", "INSERT OR UPDATE OF total, state",
    "anchang_house_sum()"),
)  # fmt: skip

#: A return is covered by received money to the cent while it lives; a rejected one holds none.
_REFUND_COVER = """
CREATE OR REPLACE FUNCTION anchang_refund_cover() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r record; needed numeric;
BEGIN
    SELECT kind, state, amount, allocated INTO r FROM finance_refund
     WHERE project_id = NEW.project_id AND id = NEW.id;
    needed := CASE WHEN r.kind = 'return' AND r.state <> 'rejected' THEN r.amount ELSE 0 END;
    IF r.allocated <> needed THEN
        RAISE EXCEPTION 'refund of % is covered by %', r.amount, r.allocated
            USING ERRCODE = '23514', CONSTRAINT = 'refund_cover';
    END IF;
    RETURN NULL;
END $$"""

REFUND_SQL = (
    _ALLOCATED_ONLY_BY_LEDGER,
    _allocated_guard("finance_refund"),
    _REFUND_COVER,
    at_commit("anchang_refund_cover", "finance_refund", "INSERT OR UPDATE", "anchang_refund_cover()"),
)
