# `algoric doctor`: what is found, and what to do about it.

doctor-good = good
doctor-weak = weak
doctor-bad = BAD
doctor-arrow = →
doctor-all-good = This machine is fit for a centre, with all guarantees.
doctor-some-weak = A centre works here, with less than it could give.
doctor-some-bad = A centre cannot work here, or not safely, before what is BAD has been dealt with.

doctor-found-cgroups-v2 = cgroup v2: { $has }
doctor-found-cgroups-v1 = cgroup v1: { $has }
doctor-found-cgroups-part = cgroups, but without { $lacks } ({ $notes })
doctor-advice-cgroups-part = boot with `cgroup_enable=memory swapaccount=1` (version 1), or hand the missing controllers down (version 2)
doctor-found-cgroups-none = no cgroups: cores are bound by affinity, memory is measured every half second ({ $notes })
doctor-advice-cgroups-none = start the centre as root; or, as an ordinary user, with `systemd-run --user --scope -p Delegate=yes`
doctor-found-kernel = Linux { $release }
doctor-found-kernel-old = Linux { $release }
doctor-advice-kernel-old = use a kernel from 5.7 on: jobs are born in their cgroup, and signalled by pidfd
doctor-found-clock = the clock is kept by a time server
doctor-found-clock-free = nobody keeps the clock
doctor-advice-clock-free = install chrony or systemd-timesyncd: accounts are dated by this clock
doctor-found-disk = { $free } GiB free in { $path }, forced to disk in { $ms } ms
doctor-found-disk-slow = { $free } GiB free in { $path }, but forcing a file to disk takes { $ms } ms
doctor-advice-disk-slow = put the data on a disk of its own, or one with a battery-backed cache: each submission waits for it
doctor-found-disk-full = only { $free } GiB free in { $path }
doctor-advice-disk-full = make room: below 1 GiB nothing can be accepted for long
doctor-found-disk-lost = { $path } is in memory: nothing survives a reboot
doctor-advice-disk-lost = put the data on a disk
doctor-found-disk-remote = { $path } is on a network file system
doctor-advice-disk-remote = put the data on a disk of this machine: locks and forced writes cannot be relied on over the network
doctor-found-disk-error = { $path } cannot be written to: { $error }
doctor-advice-disk-error = give the centre a directory of its own that it may write to
doctor-found-data = members can reach their scripts below { $path }
doctor-found-data-closed = { $closed } is closed to members, so their jobs' scripts below { $path } cannot be run
doctor-advice-data-closed = `chmod o+x { $closed }`, or choose another data directory
doctor-found-data-open = { $open } can be changed by everybody
doctor-advice-data-open = `chmod o-w { $open }`, or choose another data directory
doctor-found-noexec = { $path } is mounted `noexec`: scripts below it cannot be run
doctor-advice-noexec = mount it without `noexec`, or choose another data directory
doctor-found-processors = { $sockets } sockets, { $cores } cores, { $cpus } hardware threads
doctor-found-processors-part = { $cpus } of { $online } hardware threads may be used
doctor-advice-processors-part = start the centre without an affinity or cpuset of its own, if it shall have the whole machine
doctor-found-processors-unknown = the processors cannot be read: { $error }
doctor-advice-processors-unknown = mount /sys
doctor-found-gpus = { $count } GPUs: { $kinds }
doctor-found-gpus-none = no GPU
doctor-found-counters = the processors' { $count } energy counters can be read by who serves
doctor-found-counters-none = the processors have no energy counters
doctor-found-counters-closed = the processors count their energy, but { $path } is closed to who serves
doctor-advice-counters-closed = to meter by `kind = "rapl"`: install the package's udev rule, which lets the group algoric read, and nobody else (who reads them can guess what others compute); or start the centre with `algoric up` as root
doctor-found-name = { $name } is { $address }
doctor-found-name-unknown = { $name }, this machine's own name, cannot be looked up
doctor-advice-name-unknown = add `127.0.1.1 { $name }` to /etc/hosts: programs of members (MPI above all) ask for it
doctor-found-user = the part that faces the network runs as `algoric`
doctor-found-user-nobody = there is no user `algoric`: the part that faces the network runs as `nobody`, with a group of its own
doctor-advice-user-nobody = `adduser --system --group algoric`: other programs run as `nobody`, too; they cannot read its data, but could stop it
doctor-found-user-single = runs the jobs of uid { $uid } only
doctor-found-privacy = members do not see each other's processes (/proc is mounted with hidepid={ $option })
doctor-found-privacy-none = members see each other's processes, with the words of their command lines
doctor-advice-privacy-none = mount /proc with `hidepid=invisible` (in /etc/fstab), or tell members that command lines are no place for secrets
doctor-found-processes = { $max } processes at most
doctor-found-processes-few = { $max } processes at most, for { $cpus } hardware threads
doctor-advice-processes-few = `sysctl kernel.pid_max=4194304`
doctor-found-files = { $max } open files at most
doctor-found-files-few = { $max } open files at most
doctor-advice-files-few = raise `LimitNOFILE=` of the unit, or `ulimit -Hn`, to 65536
doctor-found-swap-none = no swap
doctor-found-swap-held = swap is kept from jobs
doctor-found-swap-free = there is swap, and jobs over their memory go there instead of ending
doctor-advice-swap-free = boot with `swapaccount=1`, or switch swap off
doctor-found-slurm-shows = Slurm shows everybody's jobs to { $user }
doctor-found-slurm-hides = Slurm does not show everybody's jobs: { $why }
doctor-advice-slurm-hides = { $mend }
doctor-found-slurm-silent = Slurm does not answer: { $why }
doctor-advice-slurm-silent = start it; see its log in /var/log/slurm
