# The Slurm that runs the jobs.

slurm-by-hand = By hand: { $what }.
slurm-agrees = Slurm's associations are what they should be.
slurm-would = { $count ->
    [one] One change; nothing was done.
   *[other] { $count } changes; nothing was done.
}
slurm-done = { $count ->
    [one] One change was made.
   *[other] { $count } changes were made.
}
adopt-found = Cluster { $name }: Slurm { $version }, { $nodes } machines with { $cpus } CPUs, partitions { $partitions }.
adopt-untested = Only Slurm 22.05.8 was tried. { $version } is read by the same names of fields; what is missing is said.
adopt-no-accounting = It has no accounting (slurmdbd): nothing that ended can be read, so that it cannot be adopted.
adopt-no-accounting-advice = Slurm keeps what ended where AccountingStorageType is accounting_storage/slurmdbd.
adopt-people = Projects { $projects }, members { $members }, read from its associations.
adopt-history = Jobs that ended in the last 30 days: { $jobs }. The centre reads all of them when it starts.
adopt-hand = What it has of its own stays its own: { $what }.
adopt-dry = Nothing was written. Without --dry-run this is put into { $file }, and nothing is changed on the cluster.
adopt-done = Written: { $file }. Nothing was changed on the cluster. `algoric up` starts the centre.
adopt-running = a centre serves { $data }
adopt-running-advice = Stop it first: algoric stop
adopt-has-cluster = { $file } has a [cluster] already
adopt-has-cluster-advice = Take it out to adopt another one.
slurm-machines = { $name }: Slurm { $version }, { $up } of { $of } machines up
slurm-queue = Queue: { $running } running, { $waiting } waiting; { $age }
slurm-accounting = Accounting: { $age }
slurm-seen = read { $seconds } s ago
slurm-unseen = never read
slurm-moving = { $count ->
    [one] One job that waited before Slurm came waits to be submitted there.
   *[other] { $count } jobs that waited before Slurm came wait to be submitted there.
}
slurm-queue-fault = The queue cannot be read: { $why }
slurm-usage-fault = The accounting cannot be read: { $why }
