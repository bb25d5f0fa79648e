#!/bin/bash
# units.sh PACKAGE — in the guest, under systemd: the package's units, for real. Installs it, opens the centre, has a member
# submit, kills the halves one after the other while a job runs, and stops what is left. (Upgrading, removing and purging
# need no guest: packaging/check-install.sh.)
set -euo pipefail
package=${1:?usage: units.sh PACKAGE}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
member=12345
log=$(mktemp)

say() { echo "units: $* ($SECONDS s)"; }
fail() { echo "units: $*"; systemctl --no-pager --lines=30 status 'algoric*' || true; squeue -a || true; exit 1; }
until_true() { # WHAT COMMAND...
  local what=$1
  shift
  for _ in $(seq 600); do
    if "$@" > "$log" 2>&1; then return; fi
    sleep 0.2
  done
  cat "$log"
  fail "waited in vain: $what"
}
quietly() { "$@" > "$log" 2>&1 || { cat "$log"; fail "failed: $*"; }; }
as_member() { setpriv --reuid=$member --regid=$member --clear-groups env HOME=/tmp "$@"; }
ready() { algoric status --json | grep -q '"ready": *true'; }
state() { sacct -X -n -P -o State -j "$1"; }
is() { [ "$(state "$1")" = "$2" ]; }
main() { systemctl show --property MainPID --value "$1"; }

say "systemd $(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p') runs"
# Into a database of its own: reading this machine's, file by file through 9p, takes ten minutes.
mkdir -p /root/dpkg/{info,updates}
touch /root/dpkg/{status,available}
quietly dpkg --admindir=/root/dpkg --install --force-depends --force-unsafe-io "$package"
say "the package is installed"
PATH=/usr/lib/algoric/bin:$PATH
hash -r
quietly systemctl start algoric-jobs.service algoric-launcher.service algoric.service
until_true "a centre that is ready" ready
say "the centre is ready"
[ "$(stat -c %U "/proc/$(main algoric.service)")" = algoric ] || fail "the centre is not algoric's"

cd "$(as_member mktemp -d)"
job=$(as_member sbatch --parsable -o out --wrap 'id -u; grep ^0:: /proc/self/cgroup; exit 3')
until_true "a first job" is "$job" FAILED
[ "$(sed -n 1p out)" = $member ] || fail "job $job ran as $(cat out)"
grep -q 'algoric-jobs.service' out || fail "job $job has another cgroup: $(cat out)"
say "a job of a member ran, in the cgroup of algoric-jobs.service"

job=$(as_member sbatch --parsable -o out2 --wrap 'while [ ! -e go ]; do sleep 0.2; done; exit 4')
until_true "a job that runs" is "$job" RUNNING
for unit in algoric.service algoric-launcher.service; do
  old=$(main $unit)
  kill -9 "$old"
  until_true "$unit again" sh -c "now=\$(systemctl show --property MainPID --value $unit); [ \$now -gt 0 ] && [ \$now != $old ]"
  until_true "a centre that is ready again" ready
  is "$job" RUNNING || fail "after the end of $unit, job $job is $(state "$job")"
done
quietly systemctl restart algoric-launcher.service algoric.service
until_true "a centre that is ready again" ready
is "$job" RUNNING || fail "after a restart, job $job is $(state "$job")"
as_member touch go
until_true "the end of a job that outlived all" is "$job" FAILED
[ "$(sacct -X -n -P -o ExitCode -j "$job")" = 4:0 ] || fail "job $job: $(sacct -X -j "$job")"
say "a job outlived its centre and its launcher, killed and restarted"

quietly systemctl stop algoric.service algoric-launcher.service
[ "$(systemctl is-failed algoric.service algoric-launcher.service | sort -u)" = inactive ] || fail "not stopped in order"
say "stopped"
