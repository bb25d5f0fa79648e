#!/bin/bash
# check-install.sh PACKAGE — installs, upgrades, removes and purges the package for real, on a throw-away layer over this
# machine's root. Run it as `unshare --mount --pid --fork bash check-install.sh PACKAGE`, as root: nothing of it stays.
set -euo pipefail
package=$(realpath "${1:?usage: check-install.sh PACKAGE}")

mount --make-rprivate /
layer=$(mktemp -d)
mount -t tmpfs layer "$layer"
mkdir -p "$layer"/{upper,work,root}
mount -t overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" overlay "$layer/root"
root=$layer/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs run "$root/run" # so that no service manager is seen there
cp "$package" "$root/algoric.deb"

inside() { chroot "$root" env -i HOME=/nonexistent PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
is() { # WHAT FOUND EXPECTED
  [ "$2" = "$3" ] || { echo "check-install: $1: found '$2', expected '$3'" >&2; exit 1; }
}
there() { [ -e "$root$1" ] || [ -L "$root$1" ] || { echo "check-install: $1 is missing $2" >&2; exit 1; }; }
gone() { [ ! -e "$root$1" ] && [ ! -L "$root$1" ] || { echo "check-install: $1 is still there $2" >&2; exit 1; }; }
quietly() { "$@" > "$layer/log" 2>&1 || { cat "$layer/log" >&2; echo "check-install: failed: $*" >&2; exit 1; }; }
wants=/etc/systemd/system/multi-user.target.wants/algoric.service

quietly inside dpkg --install /algoric.deb
is "the system user" "$(inside getent passwd algoric | cut -d: -f6,7)" /var/lib/algoric:/usr/sbin/nologin
is "the data directory" "$(inside stat -c '%U:%G %a' /var/lib/algoric)" "root:root 755"
inside algoric --version > /dev/null
gone $wants "after installing: nothing starts unless the operator says so"
rm -f "$root/usr/bin/sbatch" # of this machine's own Slurm, if it has one; only on the throw-away layer
is "sbatch without Slurm" "$(inside bash -lc 'command -v sbatch')" /usr/lib/algoric/bin/sbatch
ln -s true "$root/usr/bin/sbatch"
is "sbatch beside Slurm" "$(inside bash -lc 'command -v sbatch')" /usr/bin/sbatch
rm "$root/usr/bin/sbatch"

if inside sh -c 'command -v systemctl' > /dev/null; then
  quietly inside systemctl enable algoric.service algoric-launcher.service
  there $wants "after the operator enabled it"
fi
touch "$root/var/lib/algoric/accounts"
quietly inside dpkg --install /algoric.deb
there /var/lib/algoric/accounts "after an upgrade"

quietly inside dpkg --remove algoric
gone /usr/bin/algoric "after removing"
gone $wants "after removing"
there /var/lib/algoric/accounts "after removing"
quietly inside dpkg --purge algoric
there /var/lib/algoric/accounts "after purging: data go only when asked"
gone /etc/profile.d/algoric.sh "after purging"

quietly inside dpkg --install /algoric.deb
there /var/lib/algoric/accounts "after installing again"
quietly inside env ALGORIC_PURGE_DATA=yes dpkg --purge algoric
gone /var/lib/algoric "after purging with ALGORIC_PURGE_DATA=yes"
echo "check-install: installed, upgraded, removed, purged"
