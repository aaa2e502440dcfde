#!/bin/sh
# Install the programs of others that some tests drive: Chromium (map), GDAL's command line tools (clients) and
# PostgreSQL with PostGIS, of which the tests start a cluster of their own; none is left running.
# `system.sh slow` adds QGIS without its window (170 packages, 100 MB), which the long tests drive.
# Done only where apt-get is there and it may be used without a question; else those tests skip and say why
# (with CI=true they fail). `make test SYSTEM=no` leaves the machine alone.
set -u
have() { command -v "$1" >/dev/null 2>&1; }

wanted=
[ "${1:-}" = slow ] && ! /usr/bin/python3 -c "import qgis.core" 2>/dev/null && wanted="python3-qgis"
have chromium || have chromium-browser || have google-chrome || wanted="$wanted chromium fonts-dejavu-core"
have ogrinfo || wanted="$wanted gdal-bin"
set -- /usr/share/postgresql/*/extension/postgis.control
[ -f "$1" ] || wanted="$wanted postgresql postgresql-postgis"
[ -n "$wanted" ] || exit 0
[ "${SYSTEM:-yes}" != no ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif have sudo && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root=none
fi
if ! have apt-get || [ "$as_root" = none ]; then
    echo "system: not here:$(printf ' %s' $wanted); their tests will skip. To have them: sudo apt-get install $wanted"
    exit 0
fi
log=$(mktemp)
echo "system: installing $wanted with apt-get (a minute or two)"
# Debian would make and start a cluster for everybody; the tests need the programs only.
conf=/etc/postgresql-common/createcluster.conf
case $wanted in *postgresql*)
    [ -e $conf ] || $as_root sh -c "mkdir -p ${conf%/*} && echo 'create_main_cluster = false' >$conf" ;;
esac
if $as_root apt-get update -qq >"$log" 2>&1 &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Options::=--force-confold $wanted >>"$log" 2>&1; then
    rm -f "$log"
else
    tail -n 5 "$log" >&2
    echo "system: apt-get failed (all of it: $log); the tests concerned will skip"
fi
