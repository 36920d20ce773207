"""The proxy's configuration in the README: one-time links and what people search for reach no log.

Tried by hand behind nginx 1.22 as well, with a portal that answers and with one that does not.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.accounts.links import PATHS
from app.run import LONGEST_ADDRESS
from app.web.security import LIMITS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CONFIGURATION = re.search(r"```nginx\n(.*?)```", README, re.DOTALL)[1]
LOCATIONS = dict(re.findall(r"location ([^{]+) \{[^\n]*\n(.*?)\n\s*\}", CONFIGURATION, re.DOTALL))
KILO = 1024


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
        "uri",
        "status",
        "body_bytes_sent",
        "request_time",
    }
    assert set(re.findall(r"\$(\w+)", formats[0][1])) == known
    kept = re.findall(r"access_log (.*?);", CONFIGURATION)
    assert set(kept) == {"off", "/var/log/nginx/bordereau.log bordereau"}
    assert {words.split()[-1] for words in re.findall(r"error_log (.*?);", CONFIGURATION)} == {"crit"}
    assert len(re.findall(r"^ *server \{", CONFIGURATION, re.MULTILINE)) == 2
    assert CONFIGURATION.count("server_name") == 2


def test_what_the_portal_takes_passes_the_proxy():
    head = CONFIGURATION[: CONFIGURATION.index("location")]
    assert size("client_max_body_size", head) >= LIMITS["MAX_CONTENT_LENGTH"]
    assert size("proxy_buffer_size", head) > LONGEST_ADDRESS
    for path in ("/gestion/imports/deposer", "/gestion/12/imports/deposer"):
        [upload] = [words for words in LOCATIONS if words.startswith("~ ") and re.search(words[2:], path)]
        assert size("client_max_body_size", LOCATIONS[upload]) > 8 * KILO * KILO
        assert size("client_body_buffer_size", LOCATIONS[upload]) > 8 * KILO * KILO
