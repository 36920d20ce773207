"""What a server is set up with says what the portal reads, and nothing else."""

from __future__ import annotations

import re

import pytest

from app.config import ROOT
from app.views.desk.directories import UPLOADS
from tests.views.town import portal

DEPLOY = ROOT / "deploy"
SETTING = re.compile(r"\bBORDEREAU_[A-Z_]+\b")
READ = set(SETTING.findall((ROOT / "app" / "config.py").read_text(encoding="utf-8")))
PROXY = (DEPLOY / "nginx" / "bordereau.conf").read_text(encoding="utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


@pytest.mark.parametrize(
    "path", [path for path in DEPLOY.rglob("*") if path.is_file()], ids=lambda path: path.name
)
def test_every_setting_that_is_set_is_read(path):
    assert set(SETTING.findall(path.read_text(encoding="utf-8"))) - READ == set()


def test_every_setting_is_explained():
    rows = re.findall(r"(?m)^\| (`BORDEREAU_.*?) \|", (ROOT / "docs" / "operation.md").read_text("utf-8"))
    assert set(SETTING.findall(" ".join(rows))) >= READ


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_unit_is_hardened(path):
    unit = path.read_text(encoding="utf-8").splitlines()
    for line in (
        "User=bordereau",
        "UMask=0077",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "ReadWritePaths=/var/lib/bordereau",
        "RequiresMountsFor=/var/lib/bordereau",
    ):
        assert line in unit
    # systemd would set its mode at each start, and with it what an access list lets a host do.
    assert not any(line.startswith("StateDirectory") for line in unit)
    assert "Restart=always" in unit or "Type=oneshot" in unit


def test_every_path_that_the_kit_names_is_there():
    said = "".join(path.read_text(encoding="utf-8") for path in DEPLOY.rglob("*") if path.is_file())
    copied = re.findall(r"(?m)^COPY ([^-]\S*) ", said)
    named = re.findall(r"(?<![\w/])(?:/opt/bordereau/)?((?:deploy|docs|\.ci)/[\w./-]*\w)", said)
    assert len(copied) == 2
    assert len(named) > 5
    missing = {path for path in {*copied, *named} if not (ROOT / path).exists()}
    assert missing == {"deploy/container/.env"}, "whoever runs it writes that one"


def test_the_proxy_takes_a_whole_file_wherever_one_is_handed_over(database, tmp_path):
    """And holds it in memory: it may have a card number in it, which then reaches no disk."""
    places = re.findall(r"location ~ (\S+) \{([^}]*client_body_buffer_size 9m[^}]*)\}", PROXY)
    rules = [
        rule.rule.replace("<id:reseller_id>", "7")
        for rule in portal(database, tmp_path).url_map.iter_rules()
        if rule.endpoint in UPLOADS
    ]
    assert len(rules) >= 2 * len(UPLOADS)
    for address in rules:
        assert any(re.search(place, address) for place, _ in places), address


def test_the_proxy_writes_down_no_address_with_the_key_of_a_link(database, tmp_path):
    silent = re.findall(r"location ~\* (\S+) \{\s*access_log off;\s*error_log /dev/null crit;", PROXY)
    rules = portal(database, tmp_path).url_map.iter_rules()
    addresses = {rule.rule for rule in rules if "<token>" in rule.rule}
    assert len(addresses) > 2
    for address in addresses:
        assert any(re.search(place, address) for place in silent), address


def test_every_unit_starts_a_command_that_is_there():
    from app.cli import main  # noqa: PLC0415

    started = {
        unit: re.findall(r"(?m)^ExecStart=/opt/bordereau/bin/bordereau (\w+)$", unit.read_text())
        for unit in UNITS
    }
    assert all(len(commands) == 1 for commands in started.values())
    assert {command for commands in started.values() for command in commands} <= set(main.list_commands(None))


def test_every_timer_has_its_service():
    timers = {path.stem for path in (DEPLOY / "systemd").glob("*.timer")}
    assert timers == {"bordereau-nightly", "bordereau-watch"}
    assert timers <= {path.stem for path in UNITS}


def test_the_database_of_the_container_is_asked_where_the_portal_asks_it():
    """Its image sets up its first database with a server on the socket alone: not the one to wait for."""
    said = (DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8")
    assert re.search(r'test: \["CMD", "pg_isready", "--host=', said)


def test_the_container_starts_no_command_that_is_not_there():
    from app.cli import main  # noqa: PLC0415

    said = (DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8")
    said += (DEPLOY / "container" / "Containerfile").read_text(encoding="utf-8")
    commands = re.findall(r'(?m)^\s*(?:command:|CMD) \["(\w+)"', said)
    assert set(commands) == {"migrate", "serve", "worker", "watch"}
    assert set(commands) <= set(main.list_commands(None))
