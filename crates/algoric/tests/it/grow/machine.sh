# Becomes a machine: a file system of its own on top of this one's, that forgets what it knew of Slurm, and an sshd.
# Called in namespaces of its own (mounts, processes, network, host name). NAME PLACE HOME_FOLDER
set -e
name=$1 place=$2 home=$3
hostname "$name"
mount -t tmpfs tmpfs "$place/machines/$name"
cd "$place/machines/$name"
mkdir upper work root
# Not all of the lower file system's places are wanted: mounts of it do not come along.
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
mount -t proc proc root/proc
mount -t sysfs sysfs root/sys
mount --rbind /sys/fs/cgroup root/sys/fs/cgroup
mount --rbind /dev root/dev
mount -t tmpfs tmpfs root/run
mount -t tmpfs tmpfs root/tmp
mkdir -p root/run/sshd root/run/lock "root$home"
chmod 1777 root/tmp
mount --bind "$place/home" "root$home"
mkdir root/run/home
mount --bind "$place/home" root/run/home
echo "nessie:x:7001:7001::$home/nessie:/bin/sh" >> root/etc/passwd
echo "nessie:x:7001:" >> root/etc/group
rm -rf root/etc/munge/munge.key root/etc/slurm/* root/var/lib/slurm root/var/log/slurm root/var/lib/mysql root/var/lib/algoric
rm -f root/etc/mysql/mariadb.conf.d/60-algoric.cnf root/usr/local/sbin/algoric-power-*
rm -f root/root/.bashrc root/root/.profile
mkdir -p root/var/lib/mysql root/root/.ssh
chown mysql: root/var/lib/mysql
echo "127.0.0.1 localhost" > root/etc/hosts
cp "$place/hostkey" root/run/hostkey
cp "$place/key.pub" root/root/.ssh/authorized_keys
chmod 700 root/root root/root/.ssh
chmod 600 root/root/.ssh/authorized_keys
ip link set lo up
ip link set eth0 up
exec chroot root /usr/sbin/sshd -D -e -h /run/hostkey -o PidFile=/run/sshd.pid -o UsePAM=no -o StrictModes=no \
    -o MaxStartups=100 -o PermitRootLogin=yes
