#!/bin/bash
# image.sh DIR — lays DIR/vmlinuz and DIR/initrd: Debian's kernel, and a first RAM disk of busybox, some modules (the
# root's; those of a disk with quotas, for tests) and `init`.
#
# Nothing else is in the image: the guest's root is this machine's own root, read-only over 9p with a layer of RAM on
# top (see `init`). So every library, tool and test binary is there, under its own path, without being copied.
# Needs busybox-static, cpio and Debian's package lists; no privilege.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
out=$(realpath -m "${1:?usage: image.sh DIR}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work"/{deb,kernel,ram/{bin,lib/modules}}

# The cloud kernel has no 9p, so the general one; only its image and the few modules are unpacked.
package=$(apt-cache show linux-image-amd64 2>/dev/null | sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p' | sed -n 1p)
[ -n "$package" ] || { echo "image.sh: apt knows no linux-image-amd64; run 'apt-get update' first" >&2; exit 1; }
(cd "$work/deb" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$package")
dpkg-deb --fsys-tarfile "$work"/deb/*.deb | tar -x -C "$work/kernel" --wildcards './boot/vmlinuz-*' \
  '*/kernel/drivers/block/loop.ko*' '*/kernel/fs/ext4/*' '*/kernel/fs/jbd2/*' '*/kernel/fs/mbcache.ko*' '*/kernel/fs/quota/*' \
  '*/kernel/lib/crc16.ko*' '*/kernel/crypto/crc32c_generic.ko*' '*/kernel/lib/libcrc32c.ko*' \
  '*/kernel/drivers/virtio/*' '*/kernel/net/9p/*' '*/kernel/fs/9p/*' '*/kernel/fs/netfs/*' '*/kernel/fs/fscache/*' '*/kernel/fs/overlayfs/*' \
  2> "$work/tar.log" || [ -e "$(echo "$work"/kernel/boot/vmlinuz-*)" ] # a kernel that folded fscache into netfs has one folder less
version=$(basename "$work"/kernel/boot/vmlinuz-*)
version=${version#vmlinuz-}
modules=$(find "$work/kernel" -type d -path "*/lib/modules/$version")
find "$modules" -name '*.ko.xz' -exec xz -d {} + # busybox loads plain modules only

cp -r "$modules" "$work/ram/lib/modules/"
cp "$(command -v busybox)" "$work/ram/bin/busybox"
cp "$here/init" "$work/ram/init"
chmod 755 "$work/ram/init"
(cd "$work/ram" && bin/busybox depmod -b . "$version")
(cd "$work/ram" && find . | cpio --quiet -o -H newc -R 0:0) > "$work/initrd"

# The kernel last: who finds it finds the whole.
mv "$work/initrd" "$out/initrd"
mv "$work/kernel/boot/vmlinuz-$version" "$out/vmlinuz"
