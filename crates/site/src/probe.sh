# What this machine is, in sections. Reads only. HOME_FOLDER: where homes are.
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin; export PATH LC_ALL=C
echo "== algoric-probe"; echo 1
echo "== hostname"; hostname -s 2>/dev/null || hostname
echo "== now"; date +%s
echo "== os"; (. /etc/os-release && echo "$ID $VERSION_ID")
echo "== cpu"; lscpu -p=CPU,CORE,SOCKET
echo "== memory"; sed -n 's/^MemTotal: *//p' /proc/meminfo
echo "== cgroup"; stat -f -c %T /sys/fs/cgroup
echo "== slurm"
dpkg-query -W -f '${Version}\n' slurmd 2>/dev/null || apt-cache policy slurmd 2>/dev/null | sed -n 's/^ *Candidate: //p'
echo "== home"; df --output=fstype,source "$HOME_FOLDER" 2>/dev/null | tail -n +2
echo "== ids"; { getent passwd; getent group; } | cut -d: -f3 | sort -nu
echo "== munge"; getent passwd munge | cut -d: -f3,4
echo "== slurm_user"; getent passwd slurm | cut -d: -f3,4
echo "== gpu"; nvidia-smi --query-gpu=index,name --format=csv,noheader 2>/dev/null
echo "== pci"; lspci -mm 2>/dev/null | grep -E '"(VGA compatible|3D) controller"'
echo "== disk"; lsblk -bdn -o NAME,SIZE,ROTA,TYPE 2>/dev/null
echo "== card"
for card in /sys/class/net/*; do
    [ -e "$card/device" ] || continue
    echo "${card##*/} $(cat "$card/address") $(cat "$card/speed" 2>/dev/null)"
done
echo "== bmc"; { [ -e /dev/ipmi0 ] && ipmitool lan print; } 2>/dev/null | sed -n 's/^IP Address  *: //p'
echo "== end"
