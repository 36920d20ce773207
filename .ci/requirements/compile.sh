#!/bin/sh
# Pin what pyproject.toml asks for, with hashes, for Python 3.11 and later on every platform.
set -eu
cd "$(dirname "$0")/../.."
pin() { .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --custom-compile-command ".ci/requirements/compile.sh" pyproject.toml "$@"; }
.venv/bin/pip install -q uv
pin --extra embedded --extra build -o .ci/requirements/run.txt
pin --extra embedded --extra build --extra test -o .ci/requirements/test.txt
