#!/bin/sh
# Make or refresh the virtual environment .venv: find a Python, install what requirements.lock pins.
#   scripts/setup.sh          what `make run` needs (the platform, and npm for the map)
#   scripts/setup.sh test     and what the tests need
#   scripts/setup.sh dev      and what checks, documentation and notebooks need
# PYTHON=/path/to/python3.12 names an interpreter. Nothing is done where nothing changed. Needs no root.
set -u
cd "$(dirname "$0")/.." || exit 1
unset PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX # each of them would lead pip out of .venv

extras=${1:-assets}
case $extras in
    assets | test | dev) ;;
    *) echo "setup: found '$extras', expected nothing, test or dev" >&2; exit 2 ;;
esac
venv=.venv
stamp=$venv/.phusa-stamp
unfinished=$venv/.phusa-unfinished
log=$venv/setup.log

say() { printf 'setup: %s\n' "$*"; }
stop() { printf 'setup: %s\n' "$@" >&2; exit 1; }

# ---------------------------------------------------------------- find a Python
# Prints "3.12 /path" for an interpreter that can carry the project; fails for a shim that starts nothing, an older
# version, or one built without the parts of SQLite the registry stands on.
probe() {
    "$1" -c '
import os, sqlite3, ssl, sys
if sys.version_info < (3, 12): sys.exit(1)
sqlite3.connect(":memory:").executescript("create virtual table r using rtree(i,a,b); create virtual table f using fts5(t)")
print("%d.%d" % sys.version_info[:2], getattr(sys, "_base_executable", None) or sys.executable)' 2>/dev/null
}

uv_path=$(command -v uv || ls "${HOME:-}/.local/bin/uv" 2>/dev/null)
with_uv() { [ -n "$uv_path" ] && "$uv_path" "$@"; }

candidates() {
    printf '%s\n' python3.13 python3.12 python3 python
    for root in "${PYENV_ROOT:-}" "${HOME:-}/.pyenv"; do
        for path in "$root"/versions/3.13*/bin/python3 "$root"/versions/3.12*/bin/python3 \
            "$root"/versions/3.1[4-9]*/bin/python3; do
            [ -x "$path" ] && printf '%s\n' "$path"
        done
    done
    with_uv python find --no-project 3.13 2>/dev/null
    with_uv python find --no-project 3.12 2>/dev/null
    printf '%s\n' python3.14 python3.15
}

choose() { # the first tested version; else the first newer one
    newer=
    while IFS= read -r name; do
        found=$(probe "$name") || continue
        case $found in
            3.12\ * | 3.13\ *) printf '%s\n' "$found"; return 0 ;;
            *) [ -n "$newer" ] || newer=$found ;;
        esac
    done <<END
$(candidates)
END
    [ -n "$newer" ] && printf '%s\n' "$newer"
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        found=$(probe "$PYTHON") || stop "PYTHON=$PYTHON does not start a Python 3.12 or newer with SQLite (R*Tree, FTS5)." \
            "It says: $("$PYTHON" --version 2>&1 | head -n 1). Name another, or leave PYTHON away to have one looked for."
    else
        found=$(choose)
    fi
    [ -n "$found" ] && return 0
    stop "no Python 3.12 or newer found on PATH, among pyenv's versions or uv's." \
        "python3 here is: $(python3 --version 2>&1 | head -n 1). Get one, then call the same command again:" \
        "  without root:  pipx install uv && uv python install 3.13      or, where pyenv is:  pyenv install 3.13" \
        "  with root:     apt-get install python3.13 python3.13-venv   (Debian 13; Ubuntu 24.04 has 3.12)" \
        "  or name one:   make run PYTHON=/path/to/python3.12"
}

# ---------------------------------------------------------------- the environment
fingerprint() { # changes with the dependencies, the interpreter and the place of the project
    { cat pyproject.toml requirements.lock; grep -E '^(home|version)' $venv/pyvenv.cfg; pwd; } 2>/dev/null | cksum | tr -d '\n'
}

covers() { # does the recorded set of extras hold the wanted one? dev holds test, test holds assets
    case "$1/$2" in dev/* | test/test | test/assets | assets/assets) return 0 ;; *) return 1 ;; esac
}

alive() {
    [ -f $venv/pyvenv.cfg ] && [ ! -e $unfinished ] &&
        $venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null
}

same_python() { # is .venv of the version that PYTHON= asks for?
    [ -z "${PYTHON:-}" ] || [ "$($venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = "${found%% *}" ]
}

make_venv() {
    [ -e $venv ] && say "making .venv anew (it was unfinished, broken, moved or of another Python)"
    rm -rf $venv || stop "cannot remove $venv: is a program from it still running?"
    python=${found#* }
    case $found in
        3.12\ * | 3.13\ *) say "Python ${found%% *} at $python" ;;
        *) say "Python ${found%% *} at $python; tested are 3.12 and 3.13, so expect surprises" ;;
    esac
    "$python" -m venv $venv >/dev/null 2>&1 || with_uv venv --quiet --seed --python "$python" $venv 2>/dev/null || {
        rm -rf $venv
        stop "$python cannot make a virtual environment (its venv or ensurepip module is missing)." \
            "On Debian and Ubuntu:  apt-get install python${found%% *}-venv   (as root)" \
            "Without root:          pipx install uv, then call the same command again"
    }
}

# ---------------------------------------------------------------- the packages
install() { # pip or, where it is there, uv; both take every version from the lock file
    with_uv --version &&
        with_uv pip install --python $venv/bin/python --constraint requirements.lock --editable ".[$extras]" && return 0
    $venv/bin/python -m pip --version >/dev/null 2>&1 || $venv/bin/python -m ensurepip
    $venv/bin/python -m pip install --disable-pip-version-check --no-input --no-compile --retries "${PIP_RETRIES:-2}" \
        --constraint requirements.lock --editable ".[$extras]"
}

watch() { # a running line for a person at a terminal
    start=$(date +%s)
    while sleep 1; do
        count=$(grep -cE '^(Collecting|Requirement already| \+ )' $log 2>/dev/null)
        printf '\rsetup: %s packages looked at, %s s ' "${count:-0}" "$(($(date +%s) - start))"
    done
}

explain() { # turn the end of the log into what to do
    if grep -qE 'NewConnectionError|ConnectTimeout|ReadTimeout|name resolution|Failed to establish|ProxyError|SSLError|error sending request|dns error|client error \(Connect\)|from versions: none' $log; then
        stop "the package index cannot be reached or does not hold what is needed." \
            "Connect to a network (behind a proxy: set HTTPS_PROXY; own index or folder of wheels: set PIP_INDEX_URL or PIP_FIND_LINKS) and call the same command again." \
            "Details: $log"
    elif grep -q 'No space left on device' $log; then
        stop "the disk is full; .venv needs about 1.5 GB." "Details: $log"
    fi
    tail -n 15 $log >&2
    stop "installing failed; the lines above are the end of $log."
}

main() {
    if alive; then
        [ -z "${PYTHON:-}" ] || find_python
        if same_python; then
            recorded= level=
            [ ! -f "$stamp" ] || read -r recorded level <"$stamp" || true
            [ "$recorded" = "$(fingerprint | tr ' ' '-')" ] && covers "$level" "$extras" && return 0
            place=$(sed -n 's/^command = .* -m venv \(--[a-z-]* \)*//p' $venv/pyvenv.cfg)
            case $place in "" | "$(pwd -P)/$venv") ;; *) find_python; make_venv ;; esac
            if covers "${level:-assets}" "$extras"; then extras=${level:-$extras}; fi
        else
            make_venv
        fi
    else
        find_python
        make_venv
    fi
    say "installing phusa[$extras] into .venv (one to three minutes, 1.5 GB)"
    began=$(date +%s)
    : >$unfinished
    watcher=
    if [ -t 1 ]; then
        watch &
        watcher=$!
        trap 'kill $watcher 2>/dev/null' EXIT
        trap 'exit 130' INT TERM
    fi
    PHUSA_SKIP_ASSETS=1 install >$log 2>&1 || explain
    [ -z "$watcher" ] || printf '\r\033[K'
    rm -f $unfinished
    printf '%s %s\n' "$(fingerprint | tr ' ' '-')" "$extras" >$stamp
    say "done in $(($(date +%s) - began)) s: .venv/bin/phusa"
}

main
