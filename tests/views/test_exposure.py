"""What a scanner asks any host for: nothing is there, and nothing tells what answers."""

from __future__ import annotations

import re

import pytest

#: What lists of words for scanners begin with, and what frameworks, proxies and deployments leave about.
SOUGHT = (
    ".git/HEAD", ".git/config", ".gitignore", ".svn/entries", ".env", ".env.production", ".htaccess",
    ".htpasswd", ".DS_Store", ".ssh/id_rsa", ".well-known/", "app.py", "wsgi.py", "config.py",
    "settings.py", "pyproject.toml", "requirements.txt", "Makefile", "Dockerfile", "docker-compose.yml",
    "alembic.ini", "CHANGELOG.md", "README.md", "LICENSE", "backup.zip", "backup.sql", "dump.sql",
    "db.sqlite3", "var/", "var/archive/", "archive/", "inbox/", "quarantine/", "superseded/",
    "postgres.password", "postgres.env", "database.env", "secret.key", "static", "static/",
    "static/../config.py", "static/%2e%2e/config.py", "static/..%2f..%2fapp/config.py", "themes/",
    "uploads/", "console", "debug", "__debug__/", "_debugbar", "_profiler", "server-status",
    "server-info", "status", "nginx_status", "metrics", "admin", "admin/", "administrator", "phpmyadmin",
    "phpinfo.php", "wp-login.php", "wp-admin/", "xmlrpc.php", "cgi-bin/", "actuator", "actuator/env",
    "swagger", "swagger.json", "openapi.json", "graphql", "api", "api/v1", "docs", "redoc", "trace.axd",
    "elmah.axd", "web.config", "test", "tests/", "old/", "tmp/", "logs/", "log.txt", "error.log",
    "access.log",
)  # fmt: skip
# Names and versions of what answers, and the beginning of a failure in full.
_TOLD = re.compile(
    r"traceback|werkzeug|gunicorn|flask|sqlalchemy|psycopg|jinja|python/|/site-packages/|index of /",
    re.IGNORECASE,
)


@pytest.mark.probes("addresses and headers")
@pytest.mark.parametrize("signed_in", [False, True])
def test_nothing_that_scanners_seek_is_there(app, browser, shops, signed_in, probes):
    if signed_in:
        browser.sign_in(shops[0].email)
    for path in SOUGHT:
        response = browser.get(f"/{path}")
        assert response.status_code in ({404} if signed_in else {303, 404}), path
        assert not _TOLD.search(response.text), path
        assert not _TOLD.search(str(response.headers)), path
    probes(len(SOUGHT))


@pytest.mark.probes("addresses and headers")
@pytest.mark.parametrize("path", ["/", "/connexion", "/healthz", "/readyz", "/static/x.css", "/m/1"])
def test_nothing_answers_trace(browser, path):
    response = browser.open(path, method="TRACE", headers={"X-Canary": "sung"})
    assert response.status_code in {404, 405}
    assert "sung" not in response.text + str(response.headers)


def test_debug_is_off(app):
    assert not app.debug
    assert not app.config["PROPAGATE_EXCEPTIONS"]
