#!/bin/sh
# Write requirements.lock anew: the newest versions that pyproject.toml allows, resolved in a fresh environment.
#   scripts/lock.sh python3.12     the oldest tested Python; then run the tests with every tested one
set -eu
cd "$(dirname "$0")/.."
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
"${1:?which Python? e.g. scripts/lock.sh python3.12}" -m venv "$room/venv"
PHUSA_SKIP_ASSETS=1 "$room/venv/bin/python" -m pip install --quiet --editable ".[dev]"
"$room/venv/bin/python" -m pip freeze --exclude-editable >"$room/lock"
{
    echo "# Exact versions that \`make\` installs, for Python 3.12 and 3.13 alike; written by scripts/lock.sh, used as a constraints file."
    cat "$room/lock"
} >requirements.lock
echo "lock: $(wc -l <"$room/lock") packages in requirements.lock"
