#!/bin/bash
# boot.sh IMAGE SCRIPT — runs SCRIPT (an absolute path on this machine) as root in a guest with two processors and
# cgroup v2, and ends with its exit code. What it prints comes out here.
# 125: the guest did not come up, or died. 124: it ran past LIMIT seconds (600). MEMORY: the guest's, in MiB (1536).
# SYSTEMD=1: systemd is the guest's manager, and the script a unit of its own.
# CONSOLE: the file that the guest's kernel speaks to (IMAGE/console.log).
set -euo pipefail
image=$(realpath "${1:?usage: boot.sh IMAGE SCRIPT}")
script=$(realpath "${2:?usage: boot.sh IMAGE SCRIPT}")
limit=${LIMIT:-600}
console=${CONSOLE:-$image/console.log}
case $script in *" "*) echo "boot.sh: the kernel's command line takes no path with a space: $script" >&2; exit 125 ;; esac

# Software emulation, said outright: a /dev/kvm that opens is no promise that a guest runs on it.
# No network card: what runs inside can reach nothing. The host's root is shared read-only.
guest() {
  timeout --foreground "$limit" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m "${MEMORY:-1536}" \
    -nodefaults -display none -no-reboot -kernel "$image/vmlinuz" -initrd "$image/initrd" \
    -append "console=ttyS0 quiet panic=-1 script=$script${SYSTEMD:+ systemd}" \
    -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=root,mount_tag=host \
    -serial "file:$console" -serial stdio < /dev/null
}

code=125
ran=0
while IFS= read -r line || [ -n "$line" ]; do
  line=${line%$'\r'}
  case $line in
    "guest: exit "*) code=${line#guest: exit } ran=1 ;;
    "boot.sh: limit") code=124 ;;
    *) printf '%s\n' "$line" ;;
  esac
done < <(guest || { [ $? -eq 124 ] && echo "boot.sh: limit"; })

case $code in
  124) [ "$ran" = 1 ] || echo "boot.sh: the guest ran past $limit s and was ended" >&2 ;;
  125) echo "boot.sh: the guest did not come up, or died; its last words:" >&2; tail -n 20 "$console" >&2 ;;
esac
exit "$code"
