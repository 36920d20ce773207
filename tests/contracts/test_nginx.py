"""The proxy's configuration: one-time links and what people search for reach no log.

Tried by hand behind nginx 1.22 as well, with a portal that answers and with one that does not,
and with requests that nginx answers by itself.
"""

from __future__ import annotations

import re

import pytest

from app import create_app
from app.accounts.links import PATHS
from app.config import ROOT
from app.rules.cards import holds_card
from app.run import LONGEST_ADDRESS
from app.web.security import HEADERS, HSTS, LIMITS

CONFIGURATION = (ROOT / "deploy" / "nginx" / "bordereau.conf").read_text(encoding="utf-8")
LOCATIONS = dict(re.findall(r"location ([^{]+) \{[^\n]*\n(.*?)\n\s*\}", CONFIGURATION, re.DOTALL))
SERVERS = re.split(r"(?m)^server \{", CONFIGURATION)[1:]
#: The servers for any other name; and those of the portal's own, without TLS and with it.
STRANGERS, NAMED = SERVERS[:2], SERVERS[2:]
KILO = 1024
_PATTERN = re.search(r'map \$uri \$bordereau_path \{.*?"~(.*?)" "\$before\.\.\.";', CONFIGURATION, re.DOTALL)
#: The part of a path that is logged, as the proxy reads its bytes.
CUT = re.compile(_PATTERN[1].replace("(?<", "(?P<").encode())


def size(name, text):
    """A size as nginx reads it, in bytes."""
    number, unit = re.search(rf"{name} (\d+)([km]);", text).groups()
    return int(number) * {"k": KILO, "m": KILO * KILO}[unit]


@pytest.mark.parametrize("path", PATHS.values())
@pytest.mark.parametrize("ending", ["/token", "", "/"])
def test_no_log_of_any_kind_under_the_paths_of_links(path, ending):
    chosen = [
        words for words in LOCATIONS if words[0] == "~" and re.search(words[3:], path + ending, re.IGNORECASE)
    ]
    assert len(chosen) == 1
    assert "access_log off;" in LOCATIONS[chosen[0]]
    assert "error_log /dev/null" in LOCATIONS[chosen[0]]


def test_no_log_holds_a_query_string_or_where_one_came_from():
    formats = re.findall(r"log_format (\w+) '(.*?)';", CONFIGURATION)
    assert [name for name, _ in formats] == ["bordereau"]
    known = {
        "remote_addr",
        "time_iso8601",
        "request_method",
        "bordereau_path",
        "status",
        "body_bytes_sent",
        "request_time",
    }
    assert set(re.findall(r"\$(\w+)", formats[0][1])) == known
    kept = re.findall(r"access_log (.*?);", CONFIGURATION)
    assert set(kept) == {"off", "/var/log/nginx/bordereau.log bordereau"}
    assert {words.split()[-1] for words in re.findall(r"error_log (.*?);", CONFIGURATION)} == {"crit"}
    assert len(SERVERS) == 4
    for server in SERVERS:
        assert server.count("server_name") == 1
        head = server.partition("location")[0]
        assert "access_log" in head
        assert "error_log" in head


@pytest.mark.probes("card numbers")
@pytest.mark.parametrize(
    "between", ["", " ", "-", ".", "/", "\u00a0", "\u2009", " - ", " \u2013 ", "\u00a0\u00a0", "\n"]
)
@pytest.mark.parametrize("zero", ["0", "\uff10", "\u0660", "\U0001d7ce"])  # any digits that the portal knows
@pytest.mark.parametrize("before", ["/transactions/", "/", "/m/2048/"])
def test_no_log_holds_a_card_number_of_a_path(between, zero, before):
    groups = ("4970", "1011", "2233", "4455")
    number = between.join("".join(chr(ord(zero) + int(digit)) for digit in group) for group in groups)
    assert holds_card(number)
    cut = CUT.match(f"{before}x{number}x".encode())
    assert cut is not None
    assert cut["before"] == f"{before}x".encode()


@pytest.mark.probes("card numbers")
@pytest.mark.parametrize("first", ["\n", "\r\n", "\t", "\u2028", "\u00e9"])
def test_nothing_hides_what_follows_it_in_a_path(first):
    assert CUT.match(f"/a{first}4970101122334455".encode())["before"] == b"/a"


def test_no_path_of_the_portal_is_cut_for_its_letters(config, database):
    rules = create_app(config, database).url_map.iter_rules()
    assert [str(rule) for rule in rules if not str(rule).isascii()] == []


@pytest.mark.parametrize(
    "path", ["/m/2048/transactions/123456789012", "/gestion/12/imports/3", "/remises.csv"]
)
def test_a_path_without_one_is_logged_whole(path):
    assert CUT.match(path.encode()) is None


def test_every_server_listens_on_both_protocols_and_strangers_learn_nothing():
    assert CONFIGURATION.count("listen 443 ssl") == CONFIGURATION.count("listen [::]:443 ssl") == 2
    assert CONFIGURATION.count("listen 80") == CONFIGURATION.count("listen [::]:80") == 2
    assert "ssl_reject_handshake on;" in CONFIGURATION
    assert "TLSv1.1" not in CONFIGURATION


@pytest.mark.probes("hosts")
@pytest.mark.parametrize("server", STRANGERS)
def test_a_stranger_is_told_nothing_behind_a_certificate_or_a_request_that_nobody_can_read(server):
    assert "server_name _;" in server
    assert re.search(r"(?m)^  return 444;", server)
    assert re.search(r"error_page 400 414 494 (497 )?/;", server)


@pytest.mark.probes("addresses and headers")
def test_what_the_proxy_says_by_itself_bears_the_headers_of_the_portal():
    wanted = {**HEADERS, "Strict-Transport-Security": HSTS}
    empty = r'map \$upstream_http_(\w+) \$(\w+) \{\s+"" "(.*?)";\s+\}'
    said = {variable: (header, value) for header, variable, value in re.findall(empty, CONFIGURATION)}
    for server, without in zip(NAMED, ({"Strict-Transport-Security"}, set()), strict=True):  # RFC 6797 §7.2
        added = dict(re.findall(r"(?m)^  add_header (\S+) \$(\w+) always;$", server))
        assert added.keys() == wanted.keys() - without
        for name, variable in added.items():
            assert said[variable] == (name.lower().replace("-", "_"), wanted[name])
        assert server.count("add_header") == len(added)  # one in a location would do away with these


def test_uploads_are_counted_and_health_is_for_the_operator():
    assert "limit_conn" in LOCATIONS["~ ^/gestion/([0-9]+/)?(imports/deposer|banque/essai)$"]
    assert "deny all;" in LOCATIONS["~ ^/(healthz|readyz)$"]


def test_what_the_portal_takes_passes_the_proxy():
    head = CONFIGURATION[CONFIGURATION.index("client_max_body_size") : CONFIGURATION.rindex("location / {")]
    assert size("client_max_body_size", head) >= LIMITS["MAX_CONTENT_LENGTH"]
    assert size("proxy_buffer_size", head) > LONGEST_ADDRESS
    for path in ("/gestion/imports/deposer", "/gestion/12/imports/deposer"):
        [upload] = [words for words in LOCATIONS if words.startswith("~ ") and re.search(words[2:], path)]
        assert size("client_max_body_size", LOCATIONS[upload]) > 8 * KILO * KILO
        assert size("client_body_buffer_size", LOCATIONS[upload]) > 8 * KILO * KILO
