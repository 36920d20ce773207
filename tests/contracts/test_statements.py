"""The rules of statements see what breaks them; every statement of all tests is held against them."""

import pytest

from tests.contracts.statements import faults


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("R14", "SELECT 1 FROM contract JOIN outlet ON outlet.id = contract.outlet_id"),
        ("R14", "SELECT 1 FROM contract AS one, contract AS other WHERE one.merchant_id = other.id"),
        ("R14", "UPDATE remittance SET count = 1 FROM contract WHERE contract.id = remittance.contract_id"),
        ("R14", "SELECT 1 UNION ALL SELECT 1 FROM contract JOIN outlet USING (id)"),
        ("R15", "SELECT (SELECT count(*) FROM outlet WHERE outlet.merchant_id = m.id) FROM merchant AS m"),
        ("R15", "SELECT FROM source s WHERE NOT EXISTS (SELECT FROM contract WHERE reseller_id = s.id)"),
        ("R26", "SELECT 1 FROM membership JOIN outlet ON outlet.merchant_id = membership.merchant_id"),
        (
            "R26",
            "SELECT 1 FROM contract WHERE id IN (SELECT contract_id FROM membership_limit)",
        ),
        ("R27", "INSERT INTO source (name) VALUES (%(a)s) ON CONFLICT (name) DO UPDATE SET seen = now()"),
        (
            "R27",
            "INSERT INTO source (name) VALUES (1) ON CONFLICT (name) DO UPDATE SET seen = localtime",
        ),
        ("R28", "SELECT 1 FROM contract LEFT JOIN LATERAL (SELECT 1) AS one ON true WHERE merchant_id = 1"),
    ],
)
def test_what_breaks_a_rule_is_found(rule, statement):
    assert [fault.partition(":")[0] for fault in faults(statement)] == [rule]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM contract AS c JOIN outlet AS o ON (o.merchant_id, o.id) = (c.merchant_id, outlet_id)",
        "SELECT 1 FROM contract JOIN outlet USING (merchant_id, id)",
        "SELECT 1 FROM contract, outlet WHERE contract.merchant_id = %s AND outlet.merchant_id = %s",
        "SELECT FROM contract JOIN new USING (merchant_id) JOIN outlet o ON o.merchant_id = new.merchant_id",
        "WITH own AS (SELECT merchant_id FROM membership) SELECT FROM contract JOIN own USING (merchant_id)",
        "INSERT INTO source (name, seen) VALUES ('a', now()) ON CONFLICT (name) DO NOTHING",
        "SELECT 1 FROM merchant LEFT JOIN (SELECT merchant_id FROM contract) AS one ON merchant_id = id",
        "SELECT FROM merchant WHERE id IN (SELECT merchant_id FROM contract WHERE contract.number = '1')",
        "SELECT FROM contract c WHERE EXISTS (SELECT FROM source JOIN outlet ON outlet.id = c.outlet_id)",
        "SELECT FROM contract c WHERE EXISTS (SELECT FROM merchant WHERE merchant.id = c.merchant_id)",
        "SELECT 1 FROM contract CROSS JOIN LATERAL unnest(labels) AS label WHERE note LIKE '50%%'",
        "SET LOCAL statement_timeout = 5000",
    ],
)
def test_what_keeps_the_rules_is_let_through(statement):
    assert faults(statement) == ()
