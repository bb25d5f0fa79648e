#!/bin/bash
# Slurm on this one machine for `cargo xtask bench engine`: tuned to start jobs as fast as it can, with accounting.
#   slurm.sh install        Debian's packages, without starting any service
#   slurm.sh start FOLDER   a cluster of its own; everything of it lies in FOLDER, nothing in /etc or /var
#   slurm.sh stop FOLDER    ends exactly what `start` started, by the process numbers in FOLDER/run
# Root only. Commands find it by SLURM_CONF=FOLDER/slurm.conf. Its ports are not the usual ones, so that a Slurm which
# is there already is left alone.
set -euo pipefail
what=${1:?usage: slurm.sh install, start FOLDER or stop FOLDER}

install_packages() {
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod 755 $policy
    # shellcheck disable=SC2064 # the value of now is meant
    trap "rm $policy" EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm slurmdbd munge mariadb-server
}

wait_for() {
  for _ in $(seq 300); do
    if timeout 10 "$@" > /dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "slurm.sh: waited in vain for: $*" >&2
  return 1
}

# An epilog's end makes slurmctld look for the next job at once; without one it looks once a second, and starts three
# jobs a second instead of dozens.
configure() {
  local host memory
  host=$(hostname -s)
  memory=$(awk '/^MemTotal/ { print int($2 / 1024) - 500 }' /proc/meminfo)
  cat > "$folder/slurm.conf" << END
ClusterName=bench
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
SlurmUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
SlurmctldDebug=error
SlurmdDebug=error
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=100
MpiDefault=none
ReturnToService=2
Epilog=/bin/true
EpilogMsgTime=0
MinJobAge=10
MaxJobCount=200000
MaxArraySize=100001
MessageTimeout=60
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1,default_queue_depth=100
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=16819
AccountingStoragePass=$folder/munge/socket
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=01:00:00 State=UP
END
  cat > "$folder/slurmdbd.conf" << END
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
DbdHost=localhost
DbdPort=16819
SlurmUser=root
CommitDelay=1
LogFile=$folder/log/slurmdbd.log
PidFile=$folder/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=16806
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_bench
END
  chmod 600 "$folder/slurmdbd.conf"
}

start_munge() {
  dd if=/dev/urandom of="$folder/munge/key" bs=1024 count=1 status=none
  chmod 600 "$folder/munge/key"
  munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/run/munged.pid" \
    --log-file="$folder/log/munged.log" --seed-file="$folder/munge/seed"
  wait_for munge --socket="$folder/munge/socket" -n
}

start_database() {
  mariadb-install-db --no-defaults --user=root --datadir="$folder/db" --auth-root-authentication-method=normal > /dev/null
  local socket=$folder/run/db.sock
  setsid mariadbd --no-defaults --user=root --datadir="$folder/db" --socket="$socket" --bind-address=127.0.0.1 --port=16806 \
    --pid-file="$folder/run/mariadbd.pid" --innodb-buffer-pool-size=256M --innodb-lock-wait-timeout=900 \
    < /dev/null > "$folder/log/mariadbd.log" 2>&1 &
  wait_for mariadb-admin --no-defaults --socket="$socket" -u root ping
  mariadb --no-defaults --socket="$socket" -u root -e "
    create database slurm_bench;
    create user slurm@localhost identified by 'slurm'; grant all on slurm_bench.* to slurm@localhost;
    create user slurm@'127.0.0.1' identified by 'slurm'; grant all on slurm_bench.* to slurm@'127.0.0.1';"
}


start() {
  rm -rf "$folder"
  mkdir -p "$folder"/{munge,run,log,state,spool,db}
  folder=$(realpath "$folder")
  chmod 755 "$folder" "$folder/munge"
  export SLURM_CONF=$folder/slurm.conf
  configure
  start_munge
  start_database
  slurmdbd
  wait_for sacctmgr -n show cluster
  sacctmgr -i add cluster bench > /dev/null 2>&1 || true
  slurmctld -c
  slurmd
  wait_for sh -c "sinfo -h -o %T | grep -q idle"
}

stop_one() {
  local file=$folder/run/$1.pid pid
  pid=$(cat "$file" 2> /dev/null) || return 0
  kill "$pid" 2> /dev/null || return 0
  for _ in $(seq 200); do
    if ! kill -0 "$pid" 2> /dev/null; then return 0; fi
    sleep 0.1
  done
  kill -9 "$pid"
}

stop() {
  export SLURM_CONF=$folder/slurm.conf
  timeout 60 scancel -u root,daemon 2> /dev/null || true
  sleep 1
  for name in slurmd slurmctld slurmdbd mariadbd munged; do stop_one $name; done
}

case $what in
  install) install_packages ;;
  start | stop)
    folder=${2:?usage: slurm.sh $what FOLDER}
    $what
    ;;
  *) echo "slurm.sh: install, start FOLDER or stop FOLDER" >&2; exit 2 ;;
esac
