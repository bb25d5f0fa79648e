# From one machine to a cluster.

grow-no-park = there is no { $file }
grow-no-park-advice = Name the machines, the controller first: algoric grow scan head=10.0.0.1 n1=10.0.0.2
grow-no-plan = there is no plan in { $folder }
grow-no-plan-advice = `algoric grow plan` writes one, of park.toml.
grow-old-plan = the plan in { $folder } was made by another version of algoric
grow-old-plan-advice = Make it anew with `algoric grow plan`: keys and progress stay.
grow-busy = somebody else is at work on the plan in { $folder }
grow-not-measured = not measured yet: { $names }
grow-not-measured-advice = `algoric grow scan` asks all machines of park.toml.
grow-too-old = { $machine } has Slurm { $version }, which is too old: the plan is for { $tried } and later
grow-silent = { $machine } could not be asked: { $why }
grow-clock-warning = The clock of { $machine } is { $seconds } s off; jobs need less than 5 minutes. Let it follow a time server (apt install systemd-timesyncd).
grow-name-warning = { $machine } calls itself { $hostname }: the plan takes that into account, but one name would be simpler.
grow-planned = The plan is in { $folder }: { $steps } steps on { $machines } machines. Read PLAN.md there, then: algoric grow apply --folder { $folder }
grow-already = already so
grow-well = good
grow-made = done
grow-to-do = to be done
grow-failed = FAILED
grow-stopped = Stopped; nothing after this was begun. Mend what is named above and call `algoric grow apply` again: it goes on from here. `algoric grow undo` takes back what was done.
grow-applied = The cluster { $cluster } is up ({ $count ->
    [0] there was nothing to do
    [one] one step done
   *[other] { $count } steps done
}), and a job ran on all its machines.
grow-would = { $count ->
    [0] Nothing would be done: all is as planned.
    [one] One step would be done.
   *[other] { $count } steps would be done.
} Nothing was changed on { $cluster }.
grow-undo-stopped = Stopped. What is named above could not be taken back; call `algoric grow undo` again to go on.
grow-undone = { $count ->
    [0] There was nothing to take back.
    [one] One step was taken back.
   *[other] { $count } steps were taken back.
}
grow-would-undo = { $count ->
    [0] There is nothing to take back.
    [one] One step would be taken back.
   *[other] { $count } steps would be taken back.
}
grow-to-undo = would be taken back
grow-taken-back = taken back
grow-sound = Nothing drifted: the { $count } machines of { $cluster } are as planned.
grow-drifted = was { $was }, is { $is }

grow-column-machine = MACHINE
grow-column-address = ADDRESS
grow-column-processors = SOCKETS x CORES x THREADS
grow-column-memory = MEMORY
grow-column-for-jobs = FOR JOBS
grow-column-gpus = GPUS
grow-column-os = SYSTEM
grow-column-slurm = SLURM
grow-column-home = HOME
grow-column-roles = DOES
grow-column-what = WHAT
grow-column-why = WHY
grow-role-controller = controller, accounting
grow-role-compute = jobs

grow-step-reach = reached, with all rights
grow-step-clock = clock
grow-step-members = numbers of members
grow-step-home = shared home
grow-step-hosts = names in /etc/hosts
grow-step-identity = user { $detail } of the system
grow-step-packages = packages
grow-step-folders = Slurm's folders
grow-step-file = { $detail }
grow-step-munge = munge with the cluster's key
grow-step-agree = believes what the controller signs
grow-step-database = MariaDB with the database of accounting
grow-step-slurmdbd = accounting (slurmdbd)
grow-step-accounting = accounts, QOS and projects
grow-step-slurmctld = controller (slurmctld)
grow-step-slurmd = takes jobs (slurmd)
grow-step-program = the program (algoric)
grow-step-node = reports to the centre
grow-step-job = a job on all machines

grow-why-not-root = ssh is { $value } there, who is not root; `login` in park.toml says who it is to be
grow-why-no-apt = there is no apt-get: only Debian and its kin can be set up
grow-why-no-service = there is no `service` (package init-system-helpers)
grow-why-clock-off = its clock is { $value } s off, and munge refuses more than 5 minutes: let it follow a time server
grow-why-member-differs = { $a } has the number { $b } here and { $c } on the controller: jobs would run as somebody else
grow-why-member-missing = { $a } ({ $b } on the controller) is not known here: jobs could not run in that name
grow-why-home-not-shared = { $value } is not the controller's: mount it from there (NFS), and call this again
grow-why-hosts-differ = the names of the cluster are not in /etc/hosts as planned
grow-why-identity = { $a } has the numbers { $b }, planned are { $c }
grow-why-packages-missing = missing: { $value }
grow-why-folder-differs = { $value } is missing, or has another owner or mode
grow-why-program-differs = it is another one there: { $value }
grow-why-program-broken = what was brought is not whole: { $value }
grow-why-node-remembered = the centre still takes what { $value } tells; start the centre, and call this again
grow-why-node-stranger = the centre has not let { $value } in
grow-why-file-missing = { $value } is missing
grow-why-file-differs = { $value } has another content
grow-why-file-open = { $value } has another owner or mode
grow-why-service-down = { $value } does not run
grow-why-service-stale = { $value } was started with other files
grow-why-service-fails = { $value } does not stay up; on the machine, its log says why (/var/log/slurm, journalctl -u { $value })
grow-why-munge-silent = munge does not answer itself
grow-why-munge-disagrees = it refuses what the controller signs: { $value }
grow-why-database-closed = slurmdbd's user cannot open the database { $value }
grow-why-accounting-silent = slurmdbd does not answer
grow-why-tree-incomplete = the cluster, a QOS, a project or a member is missing in Slurm's accounts
grow-why-controller-silent = slurmctld does not answer
grow-why-node-state = Slurm's view of it: { $value }
grow-why-job-fails = { $value }
grow-why-complaint = { $value }
grow-why-nothing = it failed, and said nothing

grow-drift-name = what it calls itself
grow-drift-processors = processors
grow-drift-memory = memory (MiB)
grow-drift-gpus = GPUs
grow-drift-cgroup = control groups
grow-drift-slurm = version of Slurm

grow-note-slurm-untried = Slurm { $value } on { $machines }: nobody tried this plan with it.
grow-note-slurm-versions = The versions of Slurm differ ({ $value }): Slurm wants the controller's to be the newest, and none more than two releases older.
grow-note-slurm-none = { $machines } has no Slurm and knows of none to install: look at its package sources.
grow-note-os-untried = { $machines } is not Debian 12: nobody tried this plan there.
grow-note-gpu-without-driver = A GPU on { $machines } has no driver: jobs cannot have it. Install the driver, then scan and plan again.
grow-note-cgroups-differ = { $machines } has control groups of old (v1), the others the unified tree: both work.
grow-note-cannot-be-woken = { $machines } told neither a controller for power (BMC) nor a network card to wake it by: `{ $value } power on` must know another way, or it is to be in `stay_on`.

grow-paper-title = The cluster { $cluster }: a plan for { $count } machines
grow-paper-how = This folder is everything that will be done, and nothing of it has been done. Read it; change park.toml and plan again
    where you want it otherwise. Then `algoric grow apply` does it step by step: each step is looked at first, done only where
    it is needed, and looked at again. It can be interrupted and called again at any time. `algoric grow check` says what
    drifted later, `algoric grow undo` takes back what was done, the last first.
grow-paper-machines = Machines
grow-paper-notes = To know before
grow-paper-steps = Steps
grow-paper-files = Files
grow-paper-versions = Versions
grow-paper-does = — on { $machines }; check, deed and undo: `steps/{ $script }.sh`
grow-paper-looks = — on { $machines }; only looks: `steps/{ $script }.sh`
grow-paper-secret = secret, mode 0600
grow-paper-tried = Clusters were grown with Slurm { $tried } of Debian 12. Newer ones have every key that is written here, but nobody tried; older than 22.05 are refused.

grow-usage-no-slurm = no Slurm runs the jobs here yet
grow-usage-no-slurm-advice = It is told what was used once [cluster] engine = "slurm" stands in config.toml and the projects are there: algoric cluster reconcile
grow-usage-not-root = only root may tell Slurm what others used
grow-usage-not-root-advice = Call it with sudo, on the controller.
grow-usage-row = { $project }  { $user }: { $wanted } core-hours, of which Slurm knows { $told }
grow-usage-dry = Nothing was told. { $count ->
    [0] Slurm knows all of it.
    [one] One member's use would be.
   *[other] { $count } members' use would be.
}
grow-usage-done = { $count ->
    [0] Slurm's fair share knows what was used here.
    [one] Of one member's use Slurm does not know enough: call this again.
   *[other] Of { $count } members' use Slurm does not know enough: call this again.
}
